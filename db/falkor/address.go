package falkor

import (
	"cmp"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// endpoint is the one server of a Config without Addresses, and who logs in.
type endpoint struct {
	host     string // or the path of a unix socket
	port     int    // 0 for a unix socket
	user     string
	password string
	db       int
	tls      bool // asked for by the URL
}

// address is what go-redis dials: it takes one that starts with a slash for a
// unix socket.
func (e endpoint) address() string {
	if e.port == 0 {
		return e.host
	}
	return net.JoinHostPort(e.host, strconv.Itoa(e.port))
}

// errURL does not say what is wrong: that would repeat the password.
var errURL = errors.New("url must be like redis://user:password@host:port or rediss://...") //nolint:revive,staticcheck // the dots are part of the address.

// endpoint reads the server off c, and off the URL where there is one.
func (c Config) endpoint() (endpoint, error) {
	e := endpoint{
		host:     cmp.Or(c.Host, DefaultHost),
		port:     c.Port,
		user:     c.User,
		password: string(c.Password),
		db:       c.DB,
	}
	if c.URL == "" {
		return e, nil
	}
	u, err := url.Parse(string(c.URL))
	if err != nil {
		return endpoint{}, errURL
	}
	return e.at(u)
}

const defaultURLPort = 6379

// at returns e with what u says.
func (e endpoint) at(u *url.URL) (endpoint, error) {
	if name := u.User.Username(); name != "" {
		e.user = name
	}
	if password, ok := u.User.Password(); ok {
		e.password = password
	}
	query := u.Query()
	number := query.Get("db")
	query.Del("db")
	if len(query) > 0 { // rather than to ignore what was meant
		return endpoint{}, errURL
	}
	switch u.Scheme {
	case "rediss", "falkors":
		e.tls = true
		fallthrough
	case "redis", "falkor":
		e.host, e.port = u.Hostname(), defaultURLPort
		if u.Port() != "" {
			e.port, _ = strconv.Atoi(u.Port()) // a wrong one is out of range
		}
		number = cmp.Or(strings.Trim(u.Path, "/"), number)
		if e.host == "" || e.port < 1 || e.port > 65535 {
			return endpoint{}, errURL
		}
	case "unix":
		e.host, e.port = u.Path, 0
		if !strings.HasPrefix(e.host, "/") || u.Host != "" {
			return endpoint{}, errURL
		}
	default:
		return endpoint{}, errURL
	}
	if number != "" {
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > 15 {
			return endpoint{}, errURL
		}
		e.db = n
	}
	return e, nil
}
