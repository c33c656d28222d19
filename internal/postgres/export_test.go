package postgres

// EnsurePartitions lets tests choose the month that it is.
var EnsurePartitions = (*Store).ensurePartitions
