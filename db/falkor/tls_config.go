package falkor

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSConfig says how connections are encrypted. It is on where any of it is
// set, or the URL says so.
type TLSConfig struct {
	Enabled bool `mapstructure:"enabled" env:"FALKORDB_TLS" usage:"encrypt connections; on by itself if any other setting of TLS is set, or the URL is rediss:// or falkors://"`
	// CAFile holds the authorities that a server's certificate may come from.
	// Empty means the system's.
	CAFile string `mapstructure:"ca_file" env:"FALKORDB_TLS_CA_FILE" path:"true" usage:"PEM file of the authorities trusted; empty: the system's"`
	// CertFile and KeyFile are the certificate shown to the server. Empty
	// means none.
	CertFile string `mapstructure:"cert_file" env:"FALKORDB_TLS_CERT_FILE" path:"true" usage:"PEM file of the certificate to show to the server; empty: none"`
	KeyFile  string `mapstructure:"key_file" env:"FALKORDB_TLS_KEY_FILE" path:"true" usage:"PEM file of its key"`
	// ServerName is the name that the server's certificate must have. Empty
	// means that of the host connected to.
	ServerName string `mapstructure:"server_name" env:"FALKORDB_TLS_SERVER_NAME" usage:"name that the server's certificate must have; empty: its host"`
}

// Validate returns all that is wrong with c, as far as can be told without
// its files. Each message starts with the name of a setting.
func (c TLSConfig) Validate() error {
	switch {
	case c.CertFile != "" && c.KeyFile == "":
		return errors.New("key_file is missing beside cert_file")
	case c.CertFile == "" && c.KeyFile != "":
		return errors.New("cert_file is missing beside key_file")
	}
	return nil
}

// load reads the files of c. It returns nil where there is no TLS; force turns
// it on.
func (c TLSConfig) load(force bool) (*tls.Config, error) {
	if !force && c == (TLSConfig{}) {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read ca_file: no certificate in %s", c.CAFile)
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read cert_file and key_file: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
