package graph_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/kasparro/kasparro/graph"
)

func parsed(t *testing.T) *ast.Schema {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "sdl", Input: graph.SDL()})
	require.NoError(t, err)
	return schema
}

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	for name, definition := range parsed(t).Types {
		if definition.BuiltIn {
			continue
		}
		require.NotEmpty(t, definition.Description, name)
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			require.NotEmpty(t, field.Description, "%s.%s", name, field.Name)
			for _, argument := range field.Arguments {
				require.NotEmpty(t, argument.Description, "%s.%s(%s)", name, field.Name, argument.Name)
			}
		}
		for _, value := range definition.EnumValues {
			require.NotEmpty(t, value.Description, "%s.%s", name, value.Name)
		}
	}
}

func TestTheSchemaKeepsItsPromises(t *testing.T) {
	schema := parsed(t)
	for path, want := range map[string]string{
		"Query.node": "Node", "Query.health": "Health!", "Query.stats": "Stats!", "Query.sources": "[Source!]!", "Query.asset": "Asset",
		"Query.assets": "AssetConnection!", "Query.records": "RecordConnection!", "Query.etlRuns": "EtlRunConnection!",
		"Query.etlRun": "EtlRun", "Query.compareEtlRuns": "EtlRunComparison!", "Query.rejections": "RejectionConnection!",
		"Query.serviceConfig": "ServiceConfig!",
		"Asset.id":            "ID!", "Asset.slug": "String!", "Asset.symbol": "String!", "Asset.name": "String!", "Asset.rank": "Int",
		"Asset.listings": "[Listing!]!", "Asset.latest": "[Record!]!", "Asset.consensus": "Consensus", "Asset.records": "RecordConnection!",
		"Listing.source": "Source!", "Listing.externalId": "String!", "Listing.symbol": "String!", "Listing.name": "String!",
		"Listing.matchMethod": "MatchMethod!", "Listing.matchConfidence": "Float!",
		"Record.id": "ID!", "Record.source": "String!", "Record.externalId": "String!", "Record.asset": "Asset!",
		"Record.observedAt": "DateTime!", "Record.ingestedAt": "DateTime!", "Record.priceUsd": "Decimal!", "Record.openUsd": "Decimal",
		"Record.highUsd": "Decimal", "Record.lowUsd": "Decimal", "Record.marketCapUsd": "Decimal", "Record.volume24hUsd": "Decimal",
		"Record.percentChange1h": "Decimal", "Record.percentChange24h": "Decimal", "Record.percentChange7d": "Decimal",
		"Record.rank": "Int", "Record.circulatingSupply": "Decimal", "Record.totalSupply": "Decimal", "Record.maxSupply": "Decimal",
		"Record.raw": "JSON", "Consensus.priceUsd": "Decimal!", "Consensus.spreadPercent": "Decimal!", "Consensus.sources": "Int!",
		"Consensus.observedAt": "DateTime!", "EtlRun.trigger": "RunTrigger!", "EtlRun.status": "RunStatus!",
		"EtlRun.scheduledAt": "DateTime", "EtlRun.startedAt": "DateTime!", "EtlRun.finishedAt": "DateTime", "EtlRun.durationMs": "Int",
		"EtlRun.extracted": "Int!", "EtlRun.inserted": "Int!", "EtlRun.updated": "Int!", "EtlRun.unchanged": "Int!",
		"EtlRun.rejected": "Int!", "EtlRun.retries": "Int!", "EtlRun.bytesFetched": "Int!", "EtlRun.anomalies": "[String!]!",
		"EtlRun.error": "String", "EtlRun.waits": "Int!", "EtlRun.waitedMs": "Int!", "EtlRun.pages": "Int!", "EtlRun.coins": "Int!",
		"EtlRun.whole": "Boolean!", "EtlRun.goneShare": "Float", "EtlRun.priceJump": "Float", "EtlRun.stream": "String",
		"EtlRun.drifts": "[Drift!]!", "Record.rawExpired": "Boolean!", "Query.drifts": "DriftConnection!", "Drift.kind": "DriftKind!",
		"Mutation.startEtlRun": "EtlRun!", "Mutation.retryRejections": "Int!", "RecordFilter.source": "[String!]", "RecordFilter.asset": "[String!]",
		"RecordFilter.symbol": "[String!]", "RecordFilter.observedAt": "TimeRange", "TimeRange.gte": "DateTime", "TimeRange.lt": "DateTime",
		"Consensus.marketCapUsd": "Decimal", "Consensus.percentChange24h": "Decimal", "ServiceConfig.consensusMaxAgeSeconds": "Int!",
		"Listing.id": "ID!", "Listing.asset": "Asset!", "Listing.matchReason": "String!", "Listing.pinned": "Boolean!", "AssetFilter.minSources": "Int",
		"Query.disagreements": "AssetConnection!", "Query.matchCandidates": "MatchCandidateConnection!", "Query.matchChanges": "MatchChangeConnection!",
		"MatchCandidate.listing": "Listing!", "MatchCandidate.other": "Listing!", "MatchCandidate.score": "Float!",
		"MatchCandidate.method": "MatchMethod!", "MatchCandidate.reason": "String!", "MatchCandidateFilter.source": "[String!]",
		"MatchCandidateFilter.asset": "[String!]", "MatchCandidateFilter.minScore": "Float", "MatchChange.id": "ID!",
		"MatchChange.changedAt": "DateTime!", "MatchChange.listing": "Listing!", "MatchChange.from": "Asset!", "MatchChange.to": "Asset!",
		"MatchChange.method": "MatchMethod!", "MatchChange.confidence": "Float!", "MatchChange.reason": "String!", "MatchChange.by": "String!",
		"MatchChangeFilter.source": "[String!]", "MatchChangeFilter.asset": "[String!]",
		"Query.apiKeys": "ApiKeyConnection!", "Query.auditLog": "AuditLogEntryConnection!", "Mutation.createApiKey": "CreateApiKeyPayload!",
		"Mutation.revokeApiKey": "ApiKey!", "CreateApiKeyPayload.key": "String!", "CreateApiKeyPayload.apiKey": "ApiKey!", "ApiKey.id": "ID!",
		"ApiKey.name": "String!", "ApiKey.scope": "ApiKeyScope!", "ApiKey.status": "ApiKeyStatus!", "ApiKey.createdAt": "DateTime!",
		"ApiKey.expiresAt": "DateTime", "ApiKey.revokedAt": "DateTime", "ApiKey.lastUsedAt": "DateTime", "AuditLogEntry.actor": "String!",
		"AuditLogEntry.action": "AuditLogAction!", "AuditLogEntry.target": "String!", "AuditLogEntry.address": "String", "AuditLogEntry.requestId": "String",
		"Mutation.linkListing": "Listing!", "Mutation.unlinkListing": "Listing!", "Mutation.releaseListing": "Listing!",
	} {
		require.Equal(t, want, typeOf(t, schema, path), path)
	}
	for _, kind := range []string{"Asset", "Record", "EtlRun", "Rejection", "Drift", "Listing", "MatchChange"} {
		require.Equal(t, []string{"Node"}, schema.Types[kind].Interfaces)
	}
	for name, values := range map[string][]string{
		"AssetOrder":  {"RANK", "NAME", "PRICE_DESC", "MARKET_CAP_DESC", "PERCENT_CHANGE_24H_DESC", "PERCENT_CHANGE_24H_ASC", "SPREAD_DESC"},
		"MatchMethod": {"PINNED", "CONTRACT", "SYMBOL_AND_NAME", "EXTERNAL_ID", "NAME_AND_PRICE", "SYMBOL_AND_PRICE", "TICKER", "NAME", "ALONE"},
	} {
		require.Len(t, schema.Types[name].EnumValues, len(values), name)
		for i, value := range values {
			require.Equal(t, value, schema.Types[name].EnumValues[i].Name)
		}
	}
	least := schema.Query.Fields.ForName("disagreements").Arguments.ForName("minSpreadPercent")
	require.Equal(t, `Decimal! = "1"`, least.Type.String()+" = "+least.DefaultValue.String())
	for list, order := range map[string]string{"assets": "AssetOrder! = RANK", "records": "RecordOrder! = OBSERVED_AT_DESC"} {
		argument := schema.Query.Fields.ForName(list).Arguments.ForName("orderBy")
		require.Equal(t, order, argument.Type.String()+" = "+argument.DefaultValue.String())
	}
}

func typeOf(t *testing.T, schema *ast.Schema, path string) string {
	for i := range path {
		if path[i] == '.' {
			field := schema.Types[path[:i]].Fields.ForName(path[i+1:])
			require.NotNil(t, field, path)
			return field.Type.String()
		}
	}
	return ""
}
