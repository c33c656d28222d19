package graph

import "time"

// healthWithin is how long the database may take to show that it is there.
const healthWithin = 1500 * time.Millisecond

// recentRuns is how many runs the statistics list.
const recentRuns = 10

// defaultMaxBody is 1 MiB.
const defaultMaxBody = 1 << 20
