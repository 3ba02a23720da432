// Package silent swallows the log lines of the Pion libraries: they name
// addresses. What matters of them reaches us as errors and states.
//
// The libraries' own logger can be told to say nothing, but keeps five loggers
// for each of the dozen parts of every connection.
package silent

import "github.com/pion/logging"

// Pion is a logger, and a factory of such, that says nothing.
type Pion struct{}

// NewLogger implements [logging.LoggerFactory].
func (Pion) NewLogger(string) logging.LeveledLogger { return Pion{} }

// Trace and the others implement [logging.LeveledLogger].
func (Pion) Trace(string)          {}
func (Pion) Tracef(string, ...any) {}
func (Pion) Debug(string)          {}
func (Pion) Debugf(string, ...any) {}
func (Pion) Info(string)           {}
func (Pion) Infof(string, ...any)  {}
func (Pion) Warn(string)           {}
func (Pion) Warnf(string, ...any)  {}
func (Pion) Error(string)          {}
func (Pion) Errorf(string, ...any) {}
