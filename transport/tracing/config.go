package tracing

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Config says whether calls are traced, and where the traces go.
type Config struct {
	// Enabled is the one switch. The variables of OpenTelemetry say where to,
	// never whether: a client that is traced itself hands them down.
	Enabled bool `mapstructure:"enabled" usage:"trace calls from the request to the query, and send the traces by OTLP over HTTP"`
	// Endpoint is the URL of the collector, without the path of the traces.
	Endpoint string `mapstructure:"endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" usage:"URL of the collector that takes them; /v1/traces is added to it"`
	// Headers are sent with the traces, each as name=value, the value escaped
	// as in a URL.
	Headers []string `mapstructure:"headers" env:"OTEL_EXPORTER_OTLP_HEADERS" secret:"true" usage:"headers that the collector asks for, as name=value, separated by commas"`
	// SampleRatio is for traces that begin here. Those that come with a request
	// are kept if their sender keeps them.
	SampleRatio float64 `mapstructure:"sample_ratio" usage:"part of the traces that begin here to keep, 0 to 1"`
	ServiceName string  `mapstructure:"service_name" env:"OTEL_SERVICE_NAME" usage:"what the server is called in them"`
}

// Defaults returns the settings that hold when none is given.
func Defaults() Config {
	return Config{Endpoint: "http://localhost:4318", SampleRatio: 1, ServiceName: "zapomni"}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting. Nothing is wrong where nothing is traced.
func (c Config) Validate() error {
	if !c.Enabled {
		return nil
	}
	var errs []error
	if u, err := url.Parse(c.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		errs = append(errs, errors.New("endpoint must be a URL that starts with http:// or https://"))
	} else if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, errors.New("endpoint must have no user, query or fragment: what the collector asks for goes into headers"))
	}
	if _, err := c.header(); err != nil {
		errs = append(errs, err)
	}
	if !(c.SampleRatio >= 0 && c.SampleRatio <= 1) {
		errs = append(errs, fmt.Errorf("sample_ratio must be between 0 and 1, got %v", c.SampleRatio))
	}
	if c.ServiceName == "" {
		errs = append(errs, errors.New("service_name cannot be empty"))
	}
	return errors.Join(errs...)
}

// Warnings says what is doubtful about c, each in a sentence that starts with
// the name of a setting.
func (c Config) Warnings() []string {
	u, err := url.Parse(c.Endpoint)
	if !c.Enabled || err != nil || u.Port() != "4317" {
		return nil
	}
	return []string{"endpoint has the port of collectors that speak gRPC: traces go over HTTP, whose port is 4318"}
}

// target is where traces are sent to.
func (c Config) target() string { return strings.TrimSuffix(c.Endpoint, "/") + "/v1/traces" }

// header returns the headers by their names. Its error holds no value: those
// are secrets.
func (c Config) header() (map[string]string, error) {
	header := make(map[string]string, len(c.Headers))
	for i, pair := range c.Headers {
		name, escaped, ok := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(escaped))
		if !ok || err != nil || name == "" {
			return nil, fmt.Errorf("headers must be given as name=value, the value escaped as in a URL; number %d is not", i+1)
		}
		header[name] = value
	}
	return header, nil
}
