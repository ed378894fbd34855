package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
)

type document = map[string]any

// netConf is what the runtime sends: the network's configuration as flannel's own plugin reads it.
type netConf struct {
	CNIVersion string          `json:"cniVersion"`
	Name       string          `json:"name"`
	SubnetFile string          `json:"subnetFile"`
	DataDir    string          `json:"dataDir"`
	Delegate   document        `json:"delegate"`
	Runtime    document        `json:"runtimeConfig"`
	PrevResult json.RawMessage `json:"prevResult"`
}

func parse(text []byte) (*netConf, error) {
	conf := &netConf{SubnetFile: defaultSubnetFile, DataDir: defaultDataDir}
	if err := json.Unmarshal(text, conf); err != nil {
		return nil, fail(codeInput, "the network configuration is not JSON: %v", err)
	}
	if conf.Name == "" {
		return nil, fail(codeInput, "the network configuration has no name")
	}
	return conf, nil
}

// delegation is the configuration of the plugin that does the work: what `delegate` asks for, and the lease.
func (c *netConf) delegation(l *lease) (document, error) {
	out := document{"type": "bridge", "mtu": l.mtu, "ipMasq": !l.masquerade}
	maps.Copy(out, c.Delegate)
	if _, asked := c.Delegate["ipam"]; asked {
		return nil, fail(codeInput, "delegate must not have an ipam: the lease decides")
	}
	if _, asked := c.Delegate["isGateway"]; !asked && out["type"] == "bridge" {
		// The bridge is every pod's way out of the node.
		out["isGateway"] = true
	}
	if _, asked := c.Delegate["bridge"]; !asked && out["type"] == "bridge" {
		out["bridge"] = "cni0"
	}
	out["name"], out["cniVersion"] = c.Name, c.CNIVersion
	if c.Runtime != nil {
		out["runtimeConfig"] = c.Runtime
	}
	out["ipam"] = l.ipam()
	return out, nil
}

// handOver runs the plugin with the same environment; what it prints is the answer, also when it fails.
func handOver(delegate document) error {
	name, _ := delegate["type"].(string)
	plugin, err := find(name)
	if err != nil {
		return err
	}
	text, err := json.Marshal(delegate)
	if err != nil {
		return err
	}
	cmd := exec.Command(plugin)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(text), os.Stdout, os.Stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode())
	}
	return err
}

func find(name string) (string, error) {
	if name == "" || filepath.Base(name) != name {
		return "", fail(codeInput, "%q is not the name of a plugin", name)
	}
	path := os.Getenv("CNI_PATH")
	for _, dir := range filepath.SplitList(path) {
		plugin := filepath.Join(dir, name)
		if info, err := os.Stat(plugin); err == nil && info.Mode().IsRegular() {
			return plugin, nil
		}
	}
	return "", fail(codeEnvironment, "no plugin %q in CNI_PATH=%q", name, path)
}

// place is the file that holds what the container of this call was added with, one for each of its interfaces.
func place(dir string) (string, error) {
	container, device := os.Getenv("CNI_CONTAINERID"), os.Getenv("CNI_IFNAME")
	if container == "" || filepath.Base(container) != container || filepath.Base(device) != device {
		return "", fail(codeEnvironment, "CNI_CONTAINERID=%q, CNI_IFNAME=%q name no interface", container, device)
	}
	return filepath.Join(dir, container+"-"+device), nil
}

// keep writes the file before the plugin runs: an address given without a file would be lost.
func keep(dir string, delegate document) error {
	path, err := place(dir)
	if err != nil {
		return err
	}
	text, err := json.Marshal(delegate)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func recall(dir string) (document, error) {
	path, err := place(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	delegate := document{}
	return delegate, json.Unmarshal(text, &delegate)
}

func forget(dir string) error {
	path, err := place(dir)
	if err != nil {
		return err
	}
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
