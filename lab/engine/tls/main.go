// A stand-in for pulumi-resource-tls 5.6.2: Hashicorp's provider behind Pulumi's bridge, as pulumi-tls itself is made.
//
// It carries no documentation and no schema for code generation; a program needs neither. Where the real plugin is
// installed, this one is not even built.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-provider-tls/shim"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
)

const version = "5.6.2"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("pulumi-resource-tls", version, "(stand-in of the lab, on terraform-provider-tls)")
		return
	}
	metadata := []byte("{}")
	info := tfbridge.ProviderInfo{
		P:                              pf.ShimProvider(shim.New()),
		Name:                           "tls",
		Version:                        version,
		MetadataInfo:                   tfbridge.NewProviderMetadata(metadata),
		EnableZeroDefaultSchemaVersion: true,
		EnableAccurateBridgePreview:    true,
	}
	// tls_private_key is tls:index/privateKey:PrivateKey, and so on: the names that the SDK of this version uses.
	info.MustComputeTokens(tokens.SingleModule("tls_", "index", tokens.MakeStandard("tls")))
	pf.Main(context.Background(), "tls", info, pf.ProviderMetadata{
		PackageSchema:  []byte(fmt.Sprintf(`{"name":"tls","version":%q}`, version)),
		BridgeMetadata: metadata,
	})
}
