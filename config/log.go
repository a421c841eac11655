package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-isatty"
)

// The values of Log.Format.
const (
	FormatAuto = "auto" // FormatText on a terminal, else FormatJSON
	FormatJSON = "json"
	FormatText = "text"
)

// levelCritical is above all that is logged here: it silences the log.
const levelCritical = slog.LevelError + 4

// Log says what is logged, how, and where to beside standard error.
type Log struct {
	// Level is the least level that is logged, in any case: DEBUG, INFO,
	// WARNING or WARN, ERROR, CRITICAL.
	Level string `mapstructure:"level" env:"LOG_LEVEL" flag:"log-level" usage:"least level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL"`
	// Format is FormatAuto, FormatJSON or FormatText, in any case.
	Format string `mapstructure:"format" env:"LOG_FORMAT" flag:"log-format" usage:"json, text, or auto: text on a terminal, else json"`
	// File is written to as well, always as JSON. Empty means none.
	File string `mapstructure:"file" env:"LOG_FILE" flag:"log-file" path:"true" usage:"file to append the log to as well, as json; empty: none"`
}

func logDefaults() Log { return Log{Level: "INFO", Format: FormatAuto} }

// Validate returns all that is wrong with l. Each message starts with the
// name of a setting.
func (l Log) Validate() error {
	var errs []error
	if _, ok := l.level(); !ok {
		errs = append(errs, fmt.Errorf("level must be DEBUG, INFO, WARNING, ERROR or CRITICAL, got %q", l.Level))
	}
	switch l.format() {
	case FormatAuto, FormatJSON, FormatText:
	default:
		errs = append(errs, fmt.Errorf("format must be %s, %s or %s, got %q", FormatAuto, FormatJSON, FormatText, l.Format))
	}
	return errors.Join(errs...)
}

func (l Log) level() (level slog.Level, ok bool) {
	switch strings.ToUpper(strings.TrimSpace(l.Level)) {
	case "DEBUG":
		return slog.LevelDebug, true
	case "INFO":
		return slog.LevelInfo, true
	case "WARNING", "WARN":
		return slog.LevelWarn, true
	case "ERROR":
		return slog.LevelError, true
	case "CRITICAL":
		return levelCritical, true
	default:
		return 0, false
	}
}

func (l Log) format() string { return strings.ToLower(strings.TrimSpace(l.Format)) }

// New returns a logger that writes to stderr, which must not be the standard
// output: that belongs to the protocol. The closer closes the file, if there
// is one, and is never nil without an error.
func (l Log) New(stderr io.Writer) (*slog.Logger, io.Closer, error) {
	if err := l.Validate(); err != nil {
		return nil, nil, err
	}
	level, _ := l.level()
	var handler slog.Handler
	terminal := isTerminal(stderr)
	if l.format() == FormatText || (l.format() == FormatAuto && terminal) {
		handler = tint.NewTextHandler(stderr, &tint.Options{
			Level:      level,
			TimeFormat: "15:04:05.000",
			NoColor:    !terminal || os.Getenv("NO_COLOR") != "",
		})
	} else {
		handler = jsonHandler(stderr, level)
	}
	if l.File == "" {
		return slog.New(handler), noFile{}, nil
	}
	file, err := openLog(l.File)
	if err != nil {
		return nil, nil, fmt.Errorf("log file: %w", err)
	}
	return slog.New(slog.NewMultiHandler(handler, jsonHandler(file, level))), file, nil
}

type noFile struct{}

func (noFile) Close() error { return nil }

func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// jsonHandler writes one object a line, with the keys event, level and
// timestamp beside those of the event.
func jsonHandler(w io.Writer, level slog.Level) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: promisedKeys})
}

func promisedKeys(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "event"
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			a.Value = slog.StringValue(levelName(level))
		}
	case slog.TimeKey:
		if a.Value.Kind() == slog.KindTime {
			a = slog.String("timestamp", a.Value.Time().UTC().Format(time.RFC3339Nano))
		}
	}
	return a
}

func levelName(level slog.Level) string {
	switch {
	case level >= levelCritical:
		return "critical"
	case level >= slog.LevelError:
		return "error"
	case level >= slog.LevelWarn:
		return "warning"
	case level >= slog.LevelInfo:
		return "info"
	default:
		return "debug"
	}
}
