// Package migrations holds the schema of the database as numbered SQL files, forwards and
// backwards, each of which runs in one transaction.
package migrations

import "embed"

// Files holds NNNN_name.tx.up.sql and NNNN_name.tx.down.sql.
//
//go:embed *.sql
var Files embed.FS
