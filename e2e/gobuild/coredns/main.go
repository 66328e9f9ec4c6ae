// Command coredns is CoreDNS with the plug-ins that the test cluster's DNS needs, and no others.
//
// Upstream links every plug-in, with the client libraries of three clouds. Here `kubernetes` answers
// the cluster's names, `template` all others, and the rest keeps the two healthy.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	// The order in which plug-ins see a query. It is the program's, whatever the Corefile says.
	dnsserver.Directives = []string{
		"reload", "health", "ready", "errors", "cache", "kubernetes", "template",
	}
	coremain.Run()
}
