package main

import (
	p "github.com/pulumi/pulumi-go-provider"
	r "github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// wrap returns the provider with every call that carries properties taken through take and put.
func wrap(real p.Provider) p.Provider {
	out := real

	out.Check = func(ctx p.Context, req p.CheckRequest) (p.CheckResponse, error) {
		var kept hidden
		req.Olds, _ = take(req.Olds)
		req.News, kept = take(req.News)
		resp, err := real.Check(ctx, req)
		resp.Inputs = put(resp.Inputs, kept)
		return resp, err
	}

	out.Diff = func(ctx p.Context, req p.DiffRequest) (p.DiffResponse, error) {
		var before, after hidden
		req.Olds, before = take(req.Olds)
		req.News, after = take(req.News)
		resp, err := real.Diff(ctx, req)
		if err == nil {
			addDiff(&resp, before, after)
		}
		return resp, err
	}

	out.Create = func(ctx p.Context, req p.CreateRequest) (p.CreateResponse, error) {
		var kept hidden
		req.Properties, kept = take(req.Properties)
		resp, err := real.Create(ctx, req)
		resp.Properties = put(resp.Properties, kept)
		return resp, err
	}

	out.Read = func(ctx p.Context, req p.ReadRequest) (p.ReadResponse, error) {
		var state, inputs hidden
		req.Properties, state = take(req.Properties)
		req.Inputs, inputs = take(req.Inputs)
		resp, err := real.Read(ctx, req)
		resp.Properties, resp.Inputs = put(resp.Properties, state), put(resp.Inputs, inputs)
		return resp, err
	}

	out.Update = func(ctx p.Context, req p.UpdateRequest) (p.UpdateResponse, error) {
		var kept hidden
		req.Olds, _ = take(req.Olds)
		req.News, kept = take(req.News)
		if !req.Preview && runs(req.News) {
			forgetOutput(req.Olds, kept)
		}
		resp, err := real.Update(ctx, req)
		resp.Properties = put(resp.Properties, kept)
		return resp, err
	}

	out.Delete = func(ctx p.Context, req p.DeleteRequest) error {
		var kept hidden
		req.Properties, kept = take(req.Properties)
		forgetOutput(req.Properties, kept)
		return real.Delete(ctx, req)
	}

	return out
}

// runs says whether an update runs something: the command has one of the texts for it.
func runs(props r.PropertyMap) bool {
	for _, text := range []r.PropertyKey{"update", "create"} {
		if value, ok := props[text]; ok {
			if value, known := bare(value); known && value.IsString() {
				return true
			}
		}
	}
	return false
}

// forgetOutput keeps the last run's output out of the environment of the next one where addPreviousOutputInEnv is
// false: the wrapped provider sends it whenever there is some.
func forgetOutput(props r.PropertyMap, kept hidden) {
	flag, ok := kept.fields["addPreviousOutputInEnv"]
	if !ok {
		return
	}
	if flag, known := bare(flag); !known || !flag.IsBool() || flag.BoolValue() {
		return
	}
	for _, key := range []r.PropertyKey{"stdout", "stderr"} {
		if _, ok := props[key]; ok {
			props[key] = r.NewStringProperty("")
		}
	}
}

// addDiff reports a change of a field that the wrapped provider did not see: an update in place, as in 1.2.1.
func addDiff(resp *p.DiffResponse, before, after hidden) {
	compare := func(path string, old, new *r.PropertyValue) {
		kind := p.Update
		switch {
		case old == nil && new == nil:
			return
		case old == nil:
			kind = p.Add
		case new == nil:
			kind = p.Delete
		default:
			old, _ := bare(*old)
			new, known := bare(*new)
			if known && old.DeepEquals(new) {
				return
			}
		}
		if resp.DetailedDiff == nil {
			resp.DetailedDiff = map[string]p.PropertyDiff{}
		}
		resp.DetailedDiff[path] = p.PropertyDiff{Kind: kind, InputDiff: true}
		resp.HasChanges = true
	}
	field := func(kept hidden, key r.PropertyKey) *r.PropertyValue {
		if value, ok := kept.fields[key]; ok {
			return &value
		}
		return nil
	}
	for _, key := range newFields {
		compare(string(key), field(before, key), field(after, key))
	}
}
