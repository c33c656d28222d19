# Kasparro. `make help` lists what there is to make.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Where Go's own installer puts it, which is not in everybody's PATH.
export PATH := $(PATH):/usr/local/go/bin

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  := $(shell git rev-parse --short --verify HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
export VERSION COMMIT # to Docker Compose

PLAYGROUND         := internal/playground/dist/index.html
PLAYGROUND_SOURCES := $(shell find internal/playground \( -name node_modules -o -name dist \) -prune -o -type f ! -name '*.go' -print)
PID_FILE           := .data/kasparro.pid
LOG_FILE           := .data/kasparro.log

.PHONY: help demo run up down build test chaos identity bench lint generate verify postgres node chromium prometheus pgbouncer caddy compiler go external-or-postgres

.PHONY: up-native up-compose logs password images image-test image backup restore rehearse backup-image
.PHONY: cover audit vulnerabilities packages secrets sbom

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

##
## Serve
##

demo: postgres build ## Build and serve everything in the foreground on simulated upstreams: no network, no key
	@exec bin/kasparro demo

run: external-or-postgres build ## Build and serve everything in the foreground on the live APIs
	@exec bin/kasparro serve

up: .env ## Start it in the background, by Docker Compose where an engine answers, and return when it is healthy
	@if $(is_running) || ! $(can_compose); then $(MAKE) --no-print-directory up-native; else $(MAKE) --no-print-directory up-compose; fi

up-native: external-or-postgres build
	@mkdir -p .data
	@if $(is_running); then echo "Kasparro runs already, process $$pid."; else \
		nohup bin/kasparro serve </dev/null >$(LOG_FILE) 2>&1 & echo $$! >$(PID_FILE); fi
	@$(call await_health,{ $(is_running) || { $(end_of_log); echo "Kasparro has ended; above is the end of its log." >&2; exit 1; }; },$(end_of_log),native processes; log in $(LOG_FILE))

up-compose: images
	@$(COMPOSE) up --build --detach || { $(end_of_logs); echo "Docker Compose could not start it; above are the ends of the logs." >&2; exit 1; }
	@$(call await_health,true,$(end_of_logs),Docker Compose; log by make logs)

# .env names the version of the images, so that `docker compose` by hand starts these and no others.
images: password ## Build what Docker Compose starts, and starts from now on, and nothing else
	@$(COMPOSE) build --quiet app backup
	@[ "$(call env_file,VERSION)" = "$(VERSION)" ] || { umask 077; { awk '!/^VERSION=/' .env && echo "VERSION=$(VERSION)"; } >.env.new && mv .env.new .env; }

down: ## End what `up` started; the data stays
	@if ! $(is_running); then \
		rm -f $(PID_FILE); \
		if $(engine) && [ -n "$$($(COMPOSE) --profile '*' ps --all --quiet)" ]; then exec $(COMPOSE) --profile '*' down; fi; \
		echo "Kasparro was not running in the background."; exit 0; \
	fi; \
	kill "$$pid" || exit 1; \
	for i in $$(seq 30); do \
		$(is_running) || { rm -f $(PID_FILE); echo "Kasparro has stopped."; exit 0; }; \
		sleep 1; \
	done; \
	echo "Process $$pid still runs after 30 s; $(LOG_FILE) may say why." >&2; exit 1

logs: ## Follow the log of what `up` started
	@if $(is_running) || ! $(engine); then exec tail -n 100 -f $(LOG_FILE); else exec $(COMPOSE) logs --follow --tail 100; fi

##
## Back up and restore
##

backup: .env ## Write a backup to FILE (backups/kasparro-TIME.dump if not given), whatever runs
	@file="$${FILE:-backups/kasparro-$$(date -u +%Y%m%dT%H%M%SZ).dump}"; \
	if $(in_compose); then $(MAKE) --no-print-directory backup-image && $(compose_tool) backup "$$file"; \
	else $(program) && exec bin/kasparro backup "$$file"; fi

restore: .env ## Put the database of the backup FILE in the place of the one there, which is kept; DROP=NAME drops a kept one
	@if [ -n "$$DROP" ]; then set -- --drop "$$DROP"; elif [ -f "$$FILE" ]; then set -- "$$FILE"; \
	else echo "Name a backup that is there: make restore FILE=backups/kasparro-....dump" >&2; exit 2; fi; \
	if $(by_compose); then \
		$(MAKE) --no-print-directory password backup-image && \
		if [ -n "$$DROP" ]; then $(compose_tool) drop "$$DROP"; else $(compose_tool) restore "$$FILE"; fi; \
	else $(MAKE) --no-print-directory external-or-postgres && $(program) && exec bin/kasparro restore "$$@"; fi

rehearse: .env ## Restore the backup FILE beside everything, with all comparisons, and throw the copy away
	@[ -f "$$FILE" ] || { echo "Name a backup that is there: make rehearse FILE=backups/kasparro-....dump" >&2; exit 2; }; \
	if $(by_compose); then \
		$(MAKE) --no-print-directory password backup-image && $(compose_tool) rehearse "$$FILE" "kasparro-backup:$(VERSION)"; \
	else $(MAKE) --no-print-directory postgres && $(program) && copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && \
		DATABASE_URL= POSTGRES_HOST= DATA_DIR="$$copy" bin/kasparro restore "$$FILE"; fi

# An image is built only where there is none of this version: a backup is not to depend on what can be built at night.
backup-image:
	@$(DOCKER) image inspect "kasparro-backup:$(VERSION)" >/dev/null 2>&1 || $(COMPOSE) build --quiet backup

# Where `make up` is native this is native, and also where Compose has no database: nothing was ever started by it.
in_compose   = { ! $(is_running) && $(can_compose) && [ -n "$$($(DOCKER) volume ls --quiet --filter label=com.docker.compose.volume=database \
	--filter label=com.docker.compose.project="$$($(COMPOSE) config 2>/dev/null | sed -n 's/^name: //p')")" ]; }
by_compose   = { $(in_compose) || { $(can_compose) && ! $(is_running) && [ ! -e "$(data_dir)/postgres" ]; }; }
compose_tool = DOCKER="$(DOCKER)" COMPOSE="$(COMPOSE)" .github/compose/backup.sh
data_dir     = $${DATA_DIR:-$$(sed -n 's/^DATA_DIR=//p' .env | tail -n 1 | grep . || echo .data)}
program      = { [ -x bin/kasparro ] || $(MAKE) --no-print-directory build >&2; }

DOCKER     ?= docker
COMPOSE     = $(DOCKER) compose
engine      = { $(COMPOSE) version && $(DOCKER) version; } >/dev/null 2>&1
end_of_log  = tail -n 20 $(LOG_FILE) >&2
end_of_logs = $(COMPOSE) logs --tail 20 >&2

# Compose brings a database of its own and sees no file of this machine: where settings name one, processes are native.
can_compose = { [ -z "$(call setting,DATABASE_URL)$(call setting,POSTGRES_HOST)$(call setting,CSV_PATH)$(call setting,GRAPHQL_DOCUMENTS)" ] && \
	{ [ -z "$(call setting,TLS_CERT_FILE)" ] || [ -n "$(call setting,COMPOSE_FILE)" ]; } && $(engine); }

# A .env that was made for native processes has no password of a database.
password:
	@[ -n "$(call setting,POSTGRES_PASSWORD)" ] || { printf '\nPOSTGRES_PASSWORD=%s\n' "$$($(secret))" >>.env && echo "Added a random POSTGRES_PASSWORD to .env."; }

# Its process number may be somebody else's after a crash, so the name is looked at too. Sets pid.
is_running = { pid=$$(cat $(PID_FILE) 2>/dev/null) && kill -0 "$$pid" 2>/dev/null && \
	{ tr '\0' ' ' </proc/$$pid/cmdline || ps -o args= -p "$$pid"; } 2>/dev/null | grep -q kasparro; }

# $(call setting,NAME): from the environment, else from .env.
setting  = $${$(1):-$(call env_file,$(1))}
env_file = $$(sed -n 's/^$(1)=//p' .env | tail -n 1 | tr -d "\"' ")

# $(call await_health,WHILE,END OF LOG,HOW). A source that cannot be reached, its network being away, keeps the service
# degraded: that is accepted when nothing has changed for 20 s. A certificate is not of the name that this machine has for itself.
define await_health
host="$(call setting,HOST)"; port="$(call setting,PORT)"; \
case "$$host" in ''|0.0.0.0) host=127.0.0.1;; *:*) host="[$$host]";; esac; \
scheme=http; [ -z "$(call setting,TLS_CERT_FILE)" ] || scheme=https; \
url="$$scheme://$$host:$${port:-8000}"; no_proxy="$$host"; export no_proxy; \
degraded=0; \
for i in $$(seq 120); do \
	$(1); \
	health=$$(curl -sk --max-time 3 "$$url/health" 2>/dev/null || wget -qO- -T 3 --no-check-certificate "$$url/health" 2>/dev/null); \
	case "$$health" in \
		*'"status":"healthy"'*) echo "Kasparro is healthy at $$url ($(3); keys in .env)."; exit 0;; \
		*'_status":"never_run"'*|*'_status":"running"'*) degraded=0;; \
		*'"status":"degraded"'*) degraded=$$((degraded + 1));; \
		*) degraded=0;; \
	esac; \
	[ $$degraded -lt 20 ] || { echo "Kasparro serves at $$url ($(3); keys in .env), but is degraded: $$url/health names the source."; exit 0; }; \
	sleep 1; \
done; \
$(2); \
echo "Kasparro is not healthy at $$url after two minutes; above is the end of its log." >&2; exit 1
endef

# Only a missing .env is made: a changed .env.example must not take anybody's keys away.
.env: | .env.example
	@umask 077; \
	sed -e "s/^API_KEY=$$/API_KEY=$$($(secret))/" -e "s/^ADMIN_API_KEY=$$/ADMIN_API_KEY=$$($(secret))/" \
		-e "s/^POSTGRES_PASSWORD=$$/POSTGRES_PASSWORD=$$($(secret))/" .env.example >.env.new && mv .env.new .env
	@echo "Made .env with new random secrets."

secret = head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'

# An embedded PostgreSQL is needed only where no other is named.
external-or-postgres: .env
	@[ -n "$(call setting,DATABASE_URL)$(call setting,POSTGRES_HOST)" ] || $(MAKE) --no-print-directory postgres

##
## Build and check
##

build: go $(PLAYGROUND) ## Build bin/kasparro
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$(LDFLAGS)" -o bin/kasparro ./cmd/kasparro

# Without the page the rest works, so a machine without npm's registry still gets a binary; CI does not.
$(PLAYGROUND): $(PLAYGROUND_SOURCES)
	@if $(MAKE) --no-print-directory node && cd internal/playground && npm ci --no-audit --no-fund --prefer-offline && npm run build; \
	then touch dist/index.html; \
	elif [ -n "$$CI" ]; then echo "The GraphQL page could not be built." >&2; exit 1; \
	else echo "WARNING: the GraphQL page at /playground could not be built; everything else works. The next make tries again." >&2; fi

test: go compiler postgres node chromium prometheus pgbouncer caddy $(PLAYGROUND) ## Run every test, with the race detector, against a real PostgreSQL
	go test -race -timeout 30m $(if $(COVERAGE),-covermode=atomic -coverprofile=$(COVERAGE)) ./...

cover: ## Run every test and write coverage.out, with a line for each function in coverage.txt
	@$(MAKE) --no-print-directory test COVERAGE=coverage.out
	@go tool cover -func=coverage.out >coverage.txt && tail -n 1 coverage.txt

image-test: go ## Build the image, start it by Docker Compose, kill and scale it: needs an engine (ten minutes)
	go test -tags engine -count=1 -timeout 30m -v ./internal/deploy

# What is published: for two architectures, with a bill of materials and how it was built. An engine's own builder can do
# neither, hence one beside it. IMAGE_OUTPUT=type=registry publishes it.
IMAGE        ?= ghcr.io/kasparro/kasparro:$(VERSION)
IMAGE_OUTPUT ?= type=oci,dest=bin/image.tar
BUILDER      ?= kasparro

image: ## Build the image for amd64 and arm64 into bin/image.tar, with SBOM and provenance: needs an engine
	@mkdir -p bin
	@$(DOCKER) buildx inspect $(BUILDER) >/dev/null 2>&1 || $(DOCKER) buildx create --name $(BUILDER) --driver docker-container
	$(DOCKER) buildx build --builder $(BUILDER) --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max \
		--build-arg VERSION --build-arg COMMIT --tag $(IMAGE) --output $(IMAGE_OUTPUT) --metadata-file bin/image.json .

# Tried so often; what takes minutes is tried from 50 on. A seed that has found something finds it again.
CHAOS_ROUNDS ?= 100
CHAOS_SEED   ?= 0
FUZZ_TIME    ?= 30s
QUERIES_TIME ?= 20m

# What fuzzing finds it keeps in testdata, and finds again. A second try is for its own deadline, which it now and
# then takes for a failure.
chaos: go compiler postgres $(PLAYGROUND) ## Kill, cut off, fill up, fuzz: prove at length that nothing is lost (an hour)
	go test -race -count=1 -timeout 60m -v ./internal/chaos -chaos.rounds=$(CHAOS_ROUNDS) -chaos.seed=$(CHAOS_SEED)
	go test -race -count=1 -timeout 60m -v -run '^TestRandomQueries$$' ./graph -queries.for=$(QUERIES_TIME) -queries.seed=$(CHAOS_SEED)
	@for package in $$(go list ./...); do \
		listed=$$(go test -list '^Fuzz' $$package) || { echo "$$listed" >&2; exit 1; }; \
		for target in $$(echo "$$listed" | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			fuzz="go test -run ^$$target$$ -fuzz ^$$target$$ -fuzztime $(FUZZ_TIME) -fuzzminimizetime 20x $$package"; \
			$$fuzz || $$fuzz || exit 1; \
		done; \
	done
	go test -count=1 -timeout 30m -v ./internal/source/csvfile -run TestFiveGigabytes -csv.bytes=5368709120

# Pairs that are known to be the same coin, and what the two sources list. What is not given is looked for in RECORDINGS_DIR.
IDENTITY_SEED ?= 1
RECORDINGS     = $(or $(RECORDINGS_DIR),$(abspath $(wildcard ../shared/data)))
identity_flag  = $(if $(2),-identity.$(1)='$(abspath $(2))')

identity: go ## Report how many known pairs of listings are found to be one coin, and what is merged that is not
	@[ -n "$(RECORDINGS)" ] || { [ -n "$(PAIRS)" ] && [ -n "$(COINGECKO_LIST)" ] && [ -n "$(COINPAPRIKA_COINS)" ]; } || { \
		echo "Give three files: PAIRS=pairs.csv COINGECKO_LIST=list.json COINPAPRIKA_COINS=coins.json make identity" >&2; \
		echo "(a CSV of CoinGecko's and CoinPaprika's ids of the same coins; /coins/list or /coins/markets; /coins or /tickers)," >&2; \
		echo "or set RECORDINGS_DIR to a folder with identity/known_pairs.csv and lists of both." >&2; exit 1; }
	RECORDINGS_DIR='$(RECORDINGS)' go test -count=1 -v -run '^TestKnownPairs$$' ./internal/identity -args -identity.seed=$(IDENTITY_SEED) \
		$(call identity_flag,pairs,$(PAIRS)) $(call identity_flag,coingecko,$(COINGECKO_LIST)) $(call identity_flag,coinpaprika,$(COINPAPRIKA_COINS))

bench: go postgres ## Run the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

lint: go ## Run the linters
	@unformatted=$$(find cmd graph internal migrations -name node_modules -prune -o -name '*.go' -exec "$$(go env GOROOT)/bin/gofmt" -l {} +) || exit 1; \
	[ -z "$$unformatted" ] || { echo "not formatted, run gofmt -w on:" >&2; echo "$$unformatted" >&2; exit 1; }
	go vet ./...
	go tool -modfile=.github/tools/go.mod golangci-lint run -c .github/golangci.yml
	$(audit_tool) actionlint

# Tools of their own module: golangci-lint wants other versions of what they are made of.
audit_tool = go tool -modfile=.github/tools/audit/go.mod

audit: vulnerabilities packages secrets sbom ## Look for known vulnerabilities, secrets and unfit licences, and whether they would be found
	go test -tags audit -count=1 -timeout 10m ./internal/deploy -run '^TestAudit'

# $(call not_looked,WHAT): nothing is known then, and that is said. On GitHub all can be reached, so there it is a failure.
not_looked = { echo "NOT LOOKED FOR: $(1)" >&2; [ -z "$$GITHUB_ACTIONS" ]; }

VULNDB ?= https://vuln.go.dev

vulnerabilities: go
	@if curl -sf --max-time 20 -o /dev/null '$(VULNDB)/index/db.json'; then $(audit_tool) govulncheck -db '$(VULNDB)' ./...; \
	else $(call not_looked,known vulnerabilities of Go modules: $(VULNDB) cannot be reached.); fi

packages: node
	@cd internal/playground && if npm audit --package-lock-only --json 2>/dev/null | grep -q auditReportVersion; then npm audit --package-lock-only; \
	else $(call not_looked,known vulnerabilities of npm packages: the registry answers no audits.); fi

# All of the history, with what was settled in merges, and what is not committed yet. What git ignores stays on this machine.
gitleaks = $(audit_tool) gitleaks --config .github/gitleaks.toml --no-banner --redact --verbose

secrets: go
	@[ "$$(git rev-parse --is-shallow-repository)" = false ] || $(call not_looked,secrets in commits that are not here: git fetch --unshallow brings them.)
	@$(gitleaks) git --log-opts='--all --remerge-diff' .
	@tree=$$(mktemp -d) && trap 'rm -rf "$$tree" "$$tree.index"' EXIT && \
	GIT_INDEX_FILE="$$tree.index" git add --all && GIT_INDEX_FILE="$$tree.index" git checkout-index --all --prefix="$$tree/" && \
	$(gitleaks) dir "$$tree"

sbom: go node ## Write what the program and its page are made of, as CycloneDX, into bin
	@mkdir -p bin
	CGO_ENABLED=0 $(audit_tool) cyclonedx-gomod app -json -licenses -main cmd/kasparro -output bin/kasparro.cdx.json .
	cd internal/playground && npm sbom --sbom-format=cyclonedx --package-lock-only --omit=dev >../../bin/playground.cdx.json

generate: go ## Generate code anew
	go generate ./...

verify: go ## Fail if generating changes anything, or if go.mod or go.sum is not what it should be
	@before=$$($(work_tree)) && $(MAKE) --no-print-directory generate && after=$$($(work_tree)) || exit 1; \
	[ "$$before" = "$$after" ] || { git status --short >&2; echo "Generating has changed files: commit them." >&2; exit 1; }
	go mod verify
	go mod tidy -diff

# What differs from the commit, with its content: work in progress is no fault of the generator's.
work_tree = git status --porcelain --untracked-files=all && git ls-files --modified --others --exclude-standard -z | xargs -0 cksum 2>/dev/null || true

##
## Install what is missing
##

go:
	@command -v go >/dev/null || { echo "Go is missing: install the version that go.mod names, or a newer one, from https://go.dev/dl/" >&2; exit 1; }

postgres: ## Install PostgreSQL's server programs if they are missing
	@{ $(has_postgres); } || { $(call install,PostgreSQL 15 or newer,postgresql,postgresql-server,postgresql,postgresql@17); } && \
	{ $(has_postgres) || { echo "PostgreSQL 15 or newer is missing, this system offers none: see https://www.postgresql.org/download/" >&2; exit 1; }; }

node: ## Install Node.js 18 or newer and npm if they are missing
	@{ $(has_node); } || { $(call install,Node.js 18 or newer with npm,nodejs npm,nodejs npm,nodejs npm,node); } && \
	{ $(has_node) || { echo "Node.js 18 or newer with npm is missing, this system offers none: see https://nodejs.org/en/download" >&2; exit 1; }; }

chromium: ## Install Chromium if it and Chrome are missing: the tests use the pages in it
	@{ $(has_chromium); } || { $(call install,Chromium,chromium,chromium,chromium,--cask chromium); } && \
	{ $(has_chromium) || { echo "Chromium is missing, this system offers none: see https://www.chromium.org/getting-involved/download-chromium/" >&2; exit 1; }; }

prometheus: ## Install Prometheus if it is missing: the tests try alerts and dashboard with it
	@{ $(has_prometheus); } || { $(call install,Prometheus,prometheus,golang-github-prometheus,prometheus,prometheus); } && \
	{ $(has_prometheus) || { echo "Prometheus is missing, this system offers none: see https://prometheus.io/download/" >&2; exit 1; }; }

pgbouncer: ## Install PgBouncer if it is missing: the tests run the service through it
	@{ $(has_pgbouncer); } || { $(call install,PgBouncer,pgbouncer,pgbouncer,pgbouncer,pgbouncer); } && \
	{ $(has_pgbouncer) || { echo "PgBouncer is missing, this system offers none: see https://www.pgbouncer.org/install.html" >&2; exit 1; }; }

caddy: ## Install Caddy if it is missing: the tests ask the service by https through it
	@{ $(has_caddy); } || { $(call install,Caddy,caddy,caddy,caddy,caddy); } && \
	{ $(has_caddy) || { echo "Caddy is missing, this system offers none: see https://caddyserver.com/docs/install" >&2; exit 1; }; }

compiler: # the race detector needs one
	@{ $(has_compiler); } || { $(call install,a C compiler,gcc libc6-dev,gcc glibc-devel,gcc musl-dev,gcc); } && { $(has_compiler); }

has_compiler = command -v gcc >/dev/null || command -v clang >/dev/null || command -v cc >/dev/null
has_chromium = (for b in chromium google-chrome google-chrome-stable chromium-browser; do command -v $$b >/dev/null && exit 0; done; exit 1)
has_node     = command -v npm >/dev/null && [ "$$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')" -ge 18 ] 2>/dev/null
has_caddy    = command -v caddy >/dev/null
has_pgbouncer = command -v pgbouncer >/dev/null
has_prometheus = command -v prometheus >/dev/null && command -v promtool >/dev/null
has_postgres = (for p in "$$(command -v postgres)" /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/libexec/postgresql*/postgres \
	/opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres /home/linuxbrew/.linuxbrew/opt/p*/bin/postgres \
	/Applications/Postgres.app/Contents/Versions/*/bin/postgres; do \
	[ -x "$$p" ] && [ "$$("$$p" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 15 ] && exit 0; done; exit 1)

# $(call install,WHAT,apt packages,dnf packages,apk packages,brew packages)
define install
if command -v brew >/dev/null; then brew install $(5); else \
	if command -v apt-get >/dev/null; then how='apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(2)'; \
	elif command -v dnf >/dev/null; then how='dnf install -qy $(3)'; \
	elif command -v apk >/dev/null; then how='apk add -q $(4)'; \
	else echo "$(1) is missing, and so is a package manager known here: please install it." >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null; then as_root=sudo; \
	else echo "$(1) is missing: as root, run: $$how" >&2; exit 1; fi; \
	echo "$(1) is missing, installing it: $$how"; \
	$$as_root sh -c "$(without_service_$(2)) $$how" || { echo "$(1) is missing, and installing it failed." >&2; exit 1; }; \
fi
endef

# Debian would also make a cluster and start it: only the programs are wanted. The setting is taken back.
no_cluster      = /etc/postgresql-common/createcluster.d/kasparro.conf
without_service_postgresql = if command -v apt-get >/dev/null; then trap 'rm -f $(no_cluster); rmdir $(dir $(no_cluster)) 2>/dev/null || true' EXIT; \
	mkdir -p $(dir $(no_cluster)); echo create_main_cluster = false >$(no_cluster); fi;

# Nor is a service wanted that runs: one that is masked is not started, and is as it was afterwards, but for that it is disabled.
unit   = /etc/systemd/system/$(1).service
masked = if command -v apt-get >/dev/null && [ ! -e $(unit) ]; then \
	trap 'rm -f $(unit); systemctl disable -q $(1) 2>/dev/null || true' EXIT; \
	mkdir -p $(dir $(unit)); ln -s /dev/null $(unit); fi;
without_service_prometheus = $(call masked,prometheus)
without_service_pgbouncer  = $(call masked,pgbouncer)
without_service_caddy      = $(call masked,caddy)
