package main

import (
	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Inputs of the 1.2.1 SDK that the wrapped provider refuses as unrecognized.
var newFields = []r.PropertyKey{"logging", "addPreviousOutputInEnv"}

const (
	connectionKey = r.PropertyKey("connection")
	proxyKey      = r.PropertyKey("proxy")
	hostKeyKey    = r.PropertyKey("hostKey")
)

// hidden holds what was taken out of a resource's properties, so that it can be put back.
type hidden struct {
	fields  r.PropertyMap
	hostKey *r.PropertyValue // of the connection
	proxy   *r.PropertyValue // of the connection's bastion
}

// take returns a copy of props without the new fields, and the fields. props itself stays as it is.
func take(props r.PropertyMap) (r.PropertyMap, hidden) {
	out, kept := props.Copy(), hidden{fields: r.PropertyMap{}}
	for _, key := range newFields {
		if value, ok := out[key]; ok {
			kept.fields[key] = value
			delete(out, key)
		}
	}
	editConnection(out, func(connection r.PropertyMap) {
		kept.hostKey = cut(connection)
		edit(connection, proxyKey, func(proxy r.PropertyMap) { kept.proxy = cut(proxy) })
	})
	return out, kept
}

// put returns a copy of props with the taken fields in their places again.
func put(props r.PropertyMap, kept hidden) r.PropertyMap {
	if props == nil {
		return nil
	}
	out := props.Copy()
	for key, value := range kept.fields {
		out[key] = value
	}
	editConnection(out, func(connection r.PropertyMap) {
		if kept.hostKey != nil {
			connection[hostKeyKey] = *kept.hostKey
		}
		edit(connection, proxyKey, func(proxy r.PropertyMap) {
			if kept.proxy != nil {
				proxy[hostKeyKey] = *kept.proxy
			}
		})
	})
	return out
}

func cut(connection r.PropertyMap) *r.PropertyValue {
	value, ok := connection[hostKeyKey]
	if !ok {
		return nil
	}
	delete(connection, hostKeyKey)
	return &value
}

func editConnection(props r.PropertyMap, change func(r.PropertyMap)) {
	edit(props, connectionKey, change)
}

// edit changes a copy of the object at key. Secrets stay secret, and an unknown value has nothing to change.
func edit(props r.PropertyMap, key r.PropertyKey, change func(r.PropertyMap)) {
	if value, ok := props[key]; ok {
		props[key] = editValue(value, change)
	}
}

func editValue(value r.PropertyValue, change func(r.PropertyMap)) r.PropertyValue {
	switch {
	case value.IsSecret():
		return r.MakeSecret(editValue(value.SecretValue().Element, change))
	case value.IsOutput() && value.OutputValue().Known:
		output := value.OutputValue()
		output.Element = editValue(output.Element, change)
		return r.NewOutputProperty(output)
	case value.IsObject():
		object := value.ObjectValue().Copy()
		change(object)
		return r.NewObjectProperty(object)
	}
	return value
}

// bare takes the wrappings (secret, output) off a value. Its second result is false for an unknown one.
func bare(value r.PropertyValue) (r.PropertyValue, bool) {
	switch {
	case value.IsSecret():
		return bare(value.SecretValue().Element)
	case value.IsOutput():
		return bare(value.OutputValue().Element)
	}
	return value, !value.IsComputed() && !(value.IsOutput() && !value.OutputValue().Known)
}
