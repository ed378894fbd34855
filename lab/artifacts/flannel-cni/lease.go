package main

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// lease is what flanneld writes for the node: the pods' networks, this node's parts of them, the size of a packet.
type lease struct {
	networks, subnets []netip.Prefix
	mtu               int
	masquerade        bool // by flanneld itself, so that the bridge must not
}

func readLease(path string) (*lease, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	l, err := parseLease(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

func parseLease(text string) (*lease, error) {
	l := &lease{}
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found {
			continue
		}
		var err error
		switch key {
		case "FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK":
			// More than one network is a list.
			for one := range strings.SplitSeq(value, ",") {
				err = addPrefix(&l.networks, one, err)
			}
		case "FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET":
			err = addPrefix(&l.subnets, value, err)
		case "FLANNEL_MTU":
			l.mtu, err = strconv.Atoi(value)
		case "FLANNEL_IPMASQ":
			l.masquerade, err = strconv.ParseBool(value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", key, value, err)
		}
	}
	if len(l.networks) == 0 || len(l.subnets) == 0 || l.mtu == 0 {
		return nil, fmt.Errorf("FLANNEL_NETWORK, FLANNEL_SUBNET or FLANNEL_MTU is missing")
	}
	return l, nil
}

// addPrefix appends a network. flanneld writes the gateway's address (10.244.1.1/24), host-local wants the network.
func addPrefix(list *[]netip.Prefix, text string, before error) error {
	if before != nil {
		return before
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return err
	}
	*list = append(*list, prefix.Masked())
	return nil
}

// ipam is the configuration of host-local: an address of each subnet, and a route to each network.
func (l *lease) ipam() document {
	ranges, routes := []any{}, []any{}
	for _, subnet := range l.subnets {
		ranges = append(ranges, []any{document{"subnet": subnet.String()}})
	}
	for _, network := range l.networks {
		routes = append(routes, document{"dst": network.String()})
	}
	return document{"type": "host-local", "ranges": ranges, "routes": routes}
}
