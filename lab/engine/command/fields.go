package main

import (
	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Inputs of the 1.2.1 SDK that the wrapped provider refuses as unrecognized.
var newFields = []r.PropertyKey{"logging", "addPreviousOutputInEnv"}

// hidden holds what was taken out of a resource's properties, so that it can be put back.
type hidden struct {
	fields r.PropertyMap
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
	return out
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
