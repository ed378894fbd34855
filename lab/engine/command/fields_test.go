package main

import (
	"testing"

	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func TestFieldsComeBackWhereTheyWere(t *testing.T) {
	props := r.PropertyMap{
		"create":                 r.NewStringProperty("true"),
		"logging":                r.NewStringProperty("none"),
		"addPreviousOutputInEnv": r.MakeSecret(r.NewBoolProperty(false)),
	}
	before := props.Copy()
	bare, kept := take(props)
	if len(bare) != 1 {
		t.Errorf("left in: %v", bare)
	}
	if !props.DeepEquals(before) {
		t.Error("take changed what it was given")
	}
	if back := put(bare, kept); !back.DeepEquals(before) {
		t.Errorf("got %v back", back)
	}
}
