package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
)

// wrongKey is final: another attempt would meet the same impostor.
type wrongKey struct{ text string }

func (e *wrongKey) Error() string { return e.text }

// errSeen ends a handshake whose only purpose was to see the host's key.
var errSeen = errors.New("the host key is the expected one")

// checkHostKeys makes a handshake of its own with the bastion and with the host, as far as keys are expected of them,
// and fails unless they have these keys. The wrapped provider then connects a second time and does not check: the
// window between the two is what makes this a stand-in.
func checkHostKeys(ctx p.Context, props r.PropertyMap, kept hidden) error {
	if kept.hostKey == nil && kept.proxy == nil {
		return nil
	}
	con, err := connection(props)
	if err != nil {
		return err
	}
	target := endpoint(con.Host, con.Port)
	if con.Proxy == nil {
		return seeKey(ctx, target, kept.hostKey, *con.PerDialTimeout, *con.DialErrorLimit, dialer(*con.PerDialTimeout))
	}

	bastion := endpoint(con.Proxy.Host, con.Proxy.Port)
	err = seeKey(ctx, bastion, kept.proxy, *con.Proxy.PerDialTimeout, *con.Proxy.DialErrorLimit,
		dialer(*con.Proxy.PerDialTimeout))
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if kept.hostKey == nil {
		return nil
	}
	config, err := con.Proxy.SShConfig()
	if err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	if err := expect(config, bastion, kept.proxy, nil); err != nil {
		return err
	}
	return seeKey(ctx, target, kept.hostKey, *con.PerDialTimeout, *con.DialErrorLimit, func(to string) (net.Conn, error) {
		client, err := ssh.Dial("tcp", bastion, config)
		if err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
		inner, err := client.Dial("tcp", to)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("proxy: %w", err), client.Close())
		}
		return &tunnel{Conn: inner, client: client}, nil
	})
}

// tunnel closes the bastion's connection together with the one that goes through it.
type tunnel struct {
	net.Conn
	client *ssh.Client
}

func (t *tunnel) Close() error { return errors.Join(t.Conn.Close(), t.client.Close()) }

func dialer(seconds int) func(string) (net.Conn, error) {
	return func(to string) (net.Conn, error) {
		return net.DialTimeout("tcp", to, time.Duration(seconds)*time.Second)
	}
}

// seeKey shakes hands until the key is seen or limit attempts have failed (-1: for ever), with the waits in between
// that the wrapped provider makes. It goes no further than the key exchange: no login takes place.
func seeKey(
	ctx p.Context, host string, expected *r.PropertyValue, seconds, limit int, dial func(string) (net.Conn, error),
) error {
	if expected == nil {
		return nil
	}
	config := &ssh.ClientConfig{User: "root"}
	if err := expect(config, host, expected, errSeen); err != nil {
		return err
	}
	_, _, err := retry.Until(ctx, retry.Acceptor{Accept: func(try int, _ time.Duration) (bool, any, error) {
		err := shake(host, config, seconds, dial)
		var wrong *wrongKey
		switch {
		case errors.Is(err, errSeen):
			return true, nil, nil
		case errors.As(err, &wrong):
			return true, nil, wrong
		case limit >= 0 && try+1 > limit:
			return true, nil, fmt.Errorf("host key of %s: after %d failed attempts: %w", host, try, err)
		}
		ctx.LogStatusf(diag.Info, "Dial for the host key, attempt %d failed: retrying", try+1)
		return false, nil, nil
	}})
	return err
}

func shake(host string, config *ssh.ClientConfig, seconds int, dial func(string) (net.Conn, error)) error {
	conn, err := dial(host)
	if err != nil {
		return err
	}
	defer conn.Close()
	if seconds > 0 {
		// Not every connection has deadlines (one through a bastion has none), and the check works without.
		_ = conn.SetDeadline(time.Now().Add(time.Duration(seconds) * time.Second))
	}
	var seen error
	own := *config
	own.HostKeyCallback = func(name string, remote net.Addr, key ssh.PublicKey) error {
		seen = config.HostKeyCallback(name, remote, key)
		return seen
	}
	_, _, _, err = ssh.NewClientConn(conn, host, &own)
	if seen != nil {
		return seen
	}
	return err
}

// expect makes config accept the expected key only. With a good one the callback returns then.
func expect(config *ssh.ClientConfig, host string, expected *r.PropertyValue, then error) error {
	if expected == nil {
		return nil
	}
	value, known := bare(*expected)
	if !known || !value.IsString() {
		return fmt.Errorf("connection.hostKey of %s is not a text", host)
	}
	want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(value.StringValue()))
	if err != nil {
		return fmt.Errorf("connection.hostKey of %s is not a public key such as \"ssh-ed25519 AAAA…\": %w", host, err)
	}
	config.HostKeyAlgorithms = algorithms(want.Type())
	config.HostKeyCallback = func(_ string, _ net.Addr, got ssh.PublicKey) error {
		if string(got.Marshal()) == string(want.Marshal()) {
			return then
		}
		return &wrongKey{fmt.Sprintf("host key of %s is not the expected one, nothing was run: expected %s %s, got %s %s",
			host, want.Type(), ssh.FingerprintSHA256(want), got.Type(), ssh.FingerprintSHA256(got))}
	}
	return nil
}

// algorithms puts those of the expected key's type first. The others stay, so that a host without such a key is
// refused for the key it has and not for a negotiation that failed.
func algorithms(keyType string) []string {
	first := []string{keyType}
	if keyType == ssh.KeyAlgoRSA {
		first = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	for _, other := range []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
	} {
		if other != first[0] && !(len(first) > 1 && other == first[1]) {
			first = append(first, other)
		}
	}
	return first
}
