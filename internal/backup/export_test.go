package backup

// Separate is separate.
var Separate = separate
