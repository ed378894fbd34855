// Package shim hands out Hashicorp's provider. Its constructor is internal to that module, and Go allows it to packages
// whose path lies below: this module has such a path, and only by a replace in the go.mod beside it.
package shim

import (
	tls "github.com/hashicorp/terraform-provider-tls/internal/provider"

	"github.com/hashicorp/terraform-plugin-framework/provider"
)

// New returns the provider.
func New() provider.Provider { return tls.New() }
