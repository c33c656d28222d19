# The GraphQL page, which the program carries.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS playground
WORKDIR /src
COPY internal/playground/package.json internal/playground/package-lock.json internal/playground/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --prefer-offline
COPY internal/playground ./
RUN npm run build

# Built on the machine that builds, for the one that runs: Go needs no emulation for that.
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS program
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY cmd cmd
COPY graph graph
COPY internal internal
COPY migrations migrations
COPY --from=playground /src/dist internal/playground/dist
ARG TARGETOS TARGETARCH VERSION=dev COMMIT=unknown
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
    -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /usr/local/bin/kasparro ./cmd/kasparro

# What makes and restores backups has PostgreSQL's own programs beside it.
FROM postgres:15 AS backup
COPY --from=program /usr/local/bin/kasparro /usr/local/bin/kasparro
USER postgres
ENTRYPOINT ["kasparro"]

# No shell and no package manager: certificates, time zones, and a user who owns nothing.
FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=dev COMMIT=unknown
LABEL org.opencontainers.image.title="Kasparro" \
      org.opencontainers.image.description="Crypto market data from several sources, in one PostgreSQL, over GraphQL and REST" \
      org.opencontainers.image.source="https://github.com/kasparro/kasparro" \
      org.opencontainers.image.documentation="https://github.com/kasparro/kasparro#readme" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT"
COPY LICENSE /LICENSE
COPY --from=program /usr/local/bin/kasparro /usr/local/bin/kasparro
ENV HOST=0.0.0.0
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s CMD ["kasparro", "doctor", "--ready"]
ENTRYPOINT ["kasparro"]
CMD ["serve"]
