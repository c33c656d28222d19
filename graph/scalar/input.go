package scalar

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/kasparro/kasparro/internal/market"
)

// The parser lets through a text for an Int or a Float and an enum value in any case, if they come in
// variables. What is read here is held to the specification.

// MarshalInt writes an Int.
func MarshalInt(n int32) graphql.Marshaler { return graphql.MarshalInt32(n) }

// UnmarshalInt reads an Int, which has 32 bits.
func UnmarshalInt(v any) (int32, error) {
	_, isText := v.(string)
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 32)
	if err != nil || isText {
		given, _ := json.Marshal(v)
		return 0, &market.InputError{Field: "Int", Given: string(given), Allowed: "a whole number of 32 bits"}
	}
	return int32(n), nil
}

// MarshalFloat writes a Float.
func MarshalFloat(f float64) graphql.ContextMarshaler { return graphql.MarshalFloatContext(f) }

// UnmarshalFloat reads a Float, which is finite. It is zero for null.
func UnmarshalFloat(_ context.Context, v any) (float64, error) {
	if v == nil {
		return 0, nil
	}
	_, isText := v.(string)
	f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil || isText {
		given, _ := json.Marshal(v)
		return 0, &market.InputError{Field: "Float", Given: string(given), Allowed: "a number"}
	}
	return f, nil
}

// MarshalRunStatus writes a status of a run.
func MarshalRunStatus(s market.RunStatus) graphql.Marshaler { return graphql.MarshalString(string(s)) }

// UnmarshalRunStatus reads a status of a run.
func UnmarshalRunStatus(v any) (market.RunStatus, error) {
	return enum("RunStatus", v, market.RunRunning, market.RunSucceeded, market.RunPartial,
		market.RunInterrupted, market.RunFailed, market.RunAbandoned)
}

// MarshalRunTrigger writes what started a run.
func MarshalRunTrigger(t market.Trigger) graphql.Marshaler { return graphql.MarshalString(string(t)) }

// UnmarshalRunTrigger reads what started a run.
func UnmarshalRunTrigger(v any) (market.Trigger, error) {
	return enum("RunTrigger", v, market.TriggerSchedule, market.TriggerStartup, market.TriggerManual)
}

// MarshalDriftKind writes a kind of drift.
func MarshalDriftKind(k market.DriftKind) graphql.Marshaler { return graphql.MarshalString(string(k)) }

// UnmarshalDriftKind reads a kind of drift.
func UnmarshalDriftKind(v any) (market.DriftKind, error) {
	return enum("DriftKind", v, market.DriftNewPath, market.DriftMissingPath, market.DriftTypeChanged)
}

// MarshalAssetOrder writes an order of assets.
func MarshalAssetOrder(o market.AssetOrder) graphql.Marshaler {
	return graphql.MarshalString(string(o))
}

// UnmarshalAssetOrder reads an order of assets. It is empty for null.
func UnmarshalAssetOrder(v any) (market.AssetOrder, error) {
	return enum("AssetOrder", v, market.AssetsByRank, market.AssetsByName, market.AssetsByPrice,
		market.AssetsByMarketCap, market.AssetsByGain, market.AssetsByLoss, market.AssetsBySpread)
}

// MarshalRecordOrder writes an order of records.
func MarshalRecordOrder(o market.RecordOrder) graphql.Marshaler {
	return graphql.MarshalString(string(o))
}

// UnmarshalRecordOrder reads an order of records. It is empty for null.
func UnmarshalRecordOrder(v any) (market.RecordOrder, error) {
	return enum("RecordOrder", v, market.RecordsNewestFirst, market.RecordsOldestFirst)
}

// enum reads one of the values, which go by the same names in Go and in the schema.
func enum[T ~string](name string, v any, values ...T) (T, error) {
	if v == nil {
		return "", nil
	}
	text, _ := v.(string)
	if i := slices.Index(values, T(text)); i >= 0 {
		return values[i], nil
	}
	names := make([]string, len(values))
	for i, value := range values {
		names[i] = string(value)
	}
	return "", &market.InputError{Field: name, Given: Sent(v), Allowed: "one of " + strings.Join(names, ", ")}
}
