package sqlite

// ErrScrub is what DestroyKey says when it could not empty the WAL.
var ErrScrub = errScrub
