package main

import (
	"errors"
	"net"
	"strconv"

	"github.com/pulumi/pulumi-command/provider/pkg/provider/remote"
	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func endpoint(host *string, port *float64) string {
	return net.JoinHostPort(*host, strconv.Itoa(int(*port)))
}

// connection reads the object that Check has filled with its defaults.
func connection(props r.PropertyMap) (*remote.Connection, error) {
	value, known := bare(props[connectionKey])
	if !known || !value.IsObject() {
		return nil, errors.New("connection is not an object")
	}
	con := &remote.Connection{}
	object := value.ObjectValue()
	con.User, con.Password = text(object, "user"), text(object, "password")
	con.Host, con.Port = text(object, "host"), number(object, "port", 22)
	con.PerDialTimeout, con.DialErrorLimit = whole(object, "perDialTimeout", 15), whole(object, "dialErrorLimit", 10)
	if con.Host == nil {
		return nil, errors.New("connection.host is missing")
	}
	if value, ok := object[proxyKey]; ok {
		if value, known := bare(value); known && value.IsObject() {
			object := value.ObjectValue()
			con.Proxy = &remote.ProxyConnection{}
			con.Proxy.User, con.Proxy.Password = text(object, "user"), text(object, "password")
			con.Proxy.Host, con.Proxy.Port = text(object, "host"), number(object, "port", 22)
			con.Proxy.PrivateKey = text(object, "privateKey")
			con.Proxy.PrivateKeyPassword = text(object, "privateKeyPassword")
			con.Proxy.AgentSocketPath = text(object, "agentSocketPath")
			con.Proxy.PerDialTimeout = whole(object, "perDialTimeout", 15)
			con.Proxy.DialErrorLimit = whole(object, "dialErrorLimit", 10)
			if con.Proxy.Host == nil || con.Proxy.User == nil {
				return nil, errors.New("connection.proxy needs host and user")
			}
		}
	}
	return con, nil
}

func text(object r.PropertyMap, key r.PropertyKey) *string {
	if value, ok := object[key]; ok {
		if value, known := bare(value); known && value.IsString() {
			text := value.StringValue()
			return &text
		}
	}
	return nil
}

func number(object r.PropertyMap, key r.PropertyKey, fallback float64) *float64 {
	if value, ok := object[key]; ok {
		if value, known := bare(value); known && value.IsNumber() {
			fallback = value.NumberValue()
		}
	}
	return &fallback
}

func whole(object r.PropertyMap, key r.PropertyKey, fallback int) *int {
	number := int(*number(object, key, float64(fallback)))
	return &number
}
