package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const leaseText = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"

// node is a folder with a lease, a `bridge` that writes down what it is given, and a container's environment.
func node(t *testing.T) (dir, conf string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "subnet.env"), leaseText)
	write(t, filepath.Join(dir, "bridge"), "#!/bin/sh\ncat >\"$(dirname \"$0\")/$CNI_COMMAND\"\n")
	t.Setenv("CNI_PATH", "/nowhere:"+dir)
	t.Setenv("CNI_CONTAINERID", "c1")
	t.Setenv("CNI_IFNAME", "eth0")
	return dir, `{"name":"cbr0","cniVersion":"1.0.0","type":"flannel","subnetFile":"` + dir + `/subnet.env","dataDir":"` +
		dir + `/data","delegate":{"hairpinMode":true,"isDefaultGateway":true}}`
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func call(t *testing.T, command, conf string) error {
	t.Helper()
	t.Setenv("CNI_COMMAND", command)
	return run(command, strings.NewReader(conf))
}

func given(t *testing.T, dir, command string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, command))
	if err != nil {
		t.Fatal(err)
	}
	out := document{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAddHandsTheLeaseToBridge(t *testing.T) {
	dir, conf := node(t)
	if err := call(t, "ADD", conf); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(given(t, dir, "ADD"))
	want := `{"bridge":"cni0","cniVersion":"1.0.0","hairpinMode":true,"ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.244.1.0/24"}]],` +
		`"routes":[{"dst":"10.244.0.0/16"}],"type":"host-local"},"isDefaultGateway":true,"isGateway":true,"mtu":1450,"name":"cbr0","type":"bridge"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDeleteUsesWhatTheContainerWasAddedWith(t *testing.T) {
	dir, conf := node(t)
	if err := call(t, "ADD", conf); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "subnet.env")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing and is content
		if err := call(t, "DEL", conf); err != nil {
			t.Fatal(err)
		}
	}
	ranges, _ := json.Marshal(given(t, dir, "DEL")["ipam"].(document)["ranges"])
	if string(ranges) != `[[{"subnet":"10.244.1.0/24"}]]` {
		t.Errorf("got %s", ranges)
	}
	left, err := filepath.Glob(filepath.Join(dir, "data", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestCheckPassesTheResultOn(t *testing.T) {
	dir, conf := node(t)
	if err := call(t, "ADD", conf); err != nil {
		t.Fatal(err)
	}
	if err := call(t, "CHECK", strings.TrimSuffix(conf, "}")+`,"prevResult":{"ips":[]}}`); err != nil {
		t.Fatal(err)
	}
	if _, ok := given(t, dir, "CHECK")["prevResult"]; !ok {
		t.Error("no prevResult")
	}
}

func TestAddWithoutALeaseIsToBeTriedAgain(t *testing.T) {
	dir, conf := node(t)
	if err := os.Remove(filepath.Join(dir, "subnet.env")); err != nil {
		t.Fatal(err)
	}
	err := call(t, "ADD", conf)
	if told, ok := err.(*failure); !ok || told.Code != codeTryAgain {
		t.Errorf("got %v", err)
	}
}

func TestFaults(t *testing.T) {
	for name, text := range map[string]string{
		"no subnet": "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_MTU=1450\n",
		"no prefix": "FLANNEL_NETWORK=10.244.0.0\n",
		"no number": "FLANNEL_MTU=big\n",
	} {
		if _, err := parseLease(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	_, conf := node(t)
	for name, call := range map[string]struct{ command, conf string }{
		"unknown command": {"GROW", conf},
		"no JSON":         {"ADD", "{"},
		"no name":         {"ADD", "{}"},
		"a path as type":  {"ADD", strings.Replace(conf, `"hairpinMode":true`, `"type":"../x"`, 1)},
	} {
		if err := run(call.command, strings.NewReader(call.conf)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
