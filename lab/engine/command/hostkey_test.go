package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"

	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"
)

func newKey(t *testing.T) (ssh.Signer, *r.PropertyValue) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := r.NewStringProperty(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	return signer, &text
}

// serve shakes hands with one client and returns its address.
func serve(t *testing.T, key ssh.Signer) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(key)
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_, _, _, _ = ssh.NewServerConn(conn, config)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func handshake(t *testing.T, key ssh.Signer, expected *r.PropertyValue) error {
	t.Helper()
	host := serve(t, key)
	config := &ssh.ClientConfig{User: "root"}
	if err := expect(config, host, expected, errSeen); err != nil {
		t.Fatal(err)
	}
	return shake(host, config, 5, dialer(5))
}

func TestTheExpectedKeyIsSeen(t *testing.T) {
	key, text := newKey(t)
	if err := handshake(t, key, text); !errors.Is(err, errSeen) {
		t.Fatalf("got %v", err)
	}
}

func TestAnotherKeyIsRefusedForGood(t *testing.T) {
	key, _ := newKey(t)
	other, text := newKey(t)
	err := handshake(t, key, text)
	var wrong *wrongKey
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{
		"127.0.0.1:", "nothing was run", "expected ssh-ed25519 " + ssh.FingerprintSHA256(other.PublicKey()),
		"got ssh-ed25519 " + ssh.FingerprintSHA256(key.PublicKey()),
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}

func TestFieldsComeBackWhereTheyWereAndStaySecret(t *testing.T) {
	props := r.PropertyMap{
		"create":                 r.NewStringProperty("true"),
		"logging":                r.NewStringProperty("none"),
		"addPreviousOutputInEnv": r.NewBoolProperty(false),
		"connection": r.MakeSecret(r.NewObjectProperty(r.PropertyMap{
			"host":    r.NewStringProperty("h"),
			"hostKey": r.NewStringProperty("k"),
			"proxy": r.NewObjectProperty(r.PropertyMap{
				"host": r.NewStringProperty("b"), "hostKey": r.MakeSecret(r.NewStringProperty("p")),
			}),
		})),
	}
	before := props.Copy()
	bare, kept := take(props)
	connection := bare["connection"].SecretValue().Element.ObjectValue()
	if _, there := connection["hostKey"]; there || len(bare) != 2 {
		t.Errorf("left in: %v", bare)
	}
	if _, there := connection["proxy"].ObjectValue()["hostKey"]; there {
		t.Errorf("left in: %v", connection)
	}
	if !props.DeepEquals(before) {
		t.Error("take changed what it was given")
	}
	if back := put(bare, kept); !back.DeepEquals(before) {
		t.Errorf("got %v back", back)
	}
}

func TestAnUnknownConnectionIsLeftAlone(t *testing.T) {
	props := r.PropertyMap{"connection": r.MakeComputed(r.NewStringProperty(""))}
	bare, kept := take(props)
	if back := put(bare, kept); !back.DeepEquals(props) {
		t.Errorf("got %v back", back)
	}
}
