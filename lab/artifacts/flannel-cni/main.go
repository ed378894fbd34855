// A stand-in for flannel's CNI plugin, whose module the package clients cannot fetch.
//
// It does the part that a cluster with flannel needs: it turns the subnet that flanneld leased for this node
// (/run/flannel/subnet.env) into a configuration of the `bridge` and `host-local` plugins, and hands over to them.
// What a pod was added with is kept until the pod is deleted, as flannel's own plugin does, so that an address is given
// back also when flanneld has lost or changed its lease since.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	defaultSubnetFile = "/run/flannel/subnet.env"
	defaultDataDir    = "/var/lib/cni/flannel"
)

// Codes of the CNI specification, and the first one that is ours to give.
const (
	codeEnvironment = 4
	codeInput       = 7
	codeTryAgain    = 11
	codeOwn         = 100
)

// failure is what the specification wants on stdout when a plugin fails.
type failure struct {
	CNIVersion string `json:"cniVersion"`
	Code       int    `json:"code"`
	Msg        string `json:"msg"`
}

func (f *failure) Error() string { return f.Msg }

func fail(code int, format string, args ...any) error {
	return &failure{CNIVersion: "1.0.0", Code: code, Msg: fmt.Sprintf("flannel (stand-in): "+format, args...)}
}

func main() {
	err := run(os.Getenv("CNI_COMMAND"), os.Stdin)
	if err == nil {
		return
	}
	var told *failure
	if !errors.As(err, &told) {
		told = &failure{CNIVersion: "1.0.0", Code: codeOwn, Msg: "flannel (stand-in): " + err.Error()}
	}
	// Nobody is left to hear that this failed; the exit code says the rest.
	_ = json.NewEncoder(os.Stdout).Encode(told)
	os.Exit(1)
}

func run(command string, input io.Reader) error {
	if command == "VERSION" {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"cniVersion":        "1.0.0",
			"supportedVersions": []string{"0.3.0", "0.3.1", "0.4.0", "1.0.0"},
		})
	}
	text, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	conf, err := parse(text)
	if err != nil {
		return err
	}
	switch command {
	case "ADD":
		return add(conf)
	case "CHECK":
		return check(conf)
	case "DEL":
		return del(conf)
	}
	return fail(codeEnvironment, "CNI_COMMAND is %q, not ADD, CHECK, DEL or VERSION", command)
}

func add(conf *netConf) error {
	lease, err := readLease(conf.SubnetFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fail(codeTryAgain, "%s does not exist: flanneld has no lease on this node yet", conf.SubnetFile)
	}
	if err != nil {
		return err
	}
	delegate, err := conf.delegation(lease)
	if err != nil {
		return err
	}
	if err := keep(conf.DataDir, delegate); err != nil {
		return err
	}
	return handOver(delegate)
}

func check(conf *netConf) error {
	delegate, err := recall(conf.DataDir)
	if err != nil {
		return fail(codeOwn, "nothing is known of this container: %v", err)
	}
	delegate["prevResult"] = conf.PrevResult
	return handOver(delegate)
}

// del succeeds for a container that was never added: the specification asks for that.
func del(conf *netConf) error {
	delegate, err := recall(conf.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(conf.PrevResult) > 0 {
		delegate["prevResult"] = conf.PrevResult
	}
	if err := handOver(delegate); err != nil {
		return err
	}
	return forget(conf.DataDir)
}
