// Command kubernetes is one binary that is every part of a Kubernetes control plane and node.
//
// Kubernetes publishes its servers as separate downloads. Where only a Go module proxy can be
// reached, those downloads can't be had, but the modules they are made from can. Linking all parts
// into one program shares the 90 % of code they have in common: one link step, one file to cache.
//
// The part to run is the first argument (`kubernetes kube-apiserver …`), or the name the program was
// started under, so that a symlink called kubectl is a kubectl.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics on /metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // kubernetes_build_info on /metrics
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// part runs one component with args[0] as its own name, and returns its exit status.
type part func(args []string) int

var parts = map[string]part{
	"etcd":                    runEtcd,
	"kube-apiserver":          server(apiserver.NewAPIServerCommand),
	"kube-controller-manager": server(controllers.NewControllerManagerCommand),
	"kube-scheduler":          server(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kube-proxy":              server(proxy.NewProxyCommand),
	"kubelet":                 server(func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) }),
	"kubectl":                 runKubectl,
}

func main() {
	args := os.Args
	run, known := parts[filepath.Base(args[0])]
	if !known && len(args) > 1 {
		args = args[1:]
		run, known = parts[args[0]]
	}
	if !known {
		fmt.Fprintf(os.Stderr, "usage: %s PART [ARGUMENT...]\nparts: %s\n", filepath.Base(os.Args[0]), names())
		os.Exit(2)
	}
	// The components read os.Args themselves (flag parsing, usage texts), not only what cobra is given.
	os.Args = args
	os.Exit(run(args))
}

// server adapts a component's cobra command. The command is built only when its part was asked for:
// building one registers flags and metrics globally, and two components would collide.
func server(command func() *cobra.Command) part {
	return func(args []string) int {
		cmd := command()
		cmd.SetArgs(args[1:])
		return cli.Run(cmd)
	}
}

func runEtcd(args []string) int {
	etcdmain.Main(args) // exits by itself on failure
	return 0
}

// runKubectl prints errors in kubectl's own words, without the usage text that the servers add.
func runKubectl([]string) int {
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // exits with the status the error carries
	}
	return 0
}

func names() string {
	all := make([]string, 0, len(parts))
	for name := range parts {
		all = append(all, name)
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}
