// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/pki"
)

// Run runs the testbed's registries until ctx ends: distribution, whose output
// goes to log, and in front of it all registries of layout with certificates of
// the testbed's authorities. It has to run in the services' network namespace.
// ready is called once all of them answer; it may be nil.
func Run(ctx context.Context, testbed *cluster.Testbed, log io.Writer, ready func()) error {
	authorities := map[layout.Authority]*pki.Authority{}
	for authority, name := range map[layout.Authority]string{layout.TestbedCA: pki.Testbed, layout.SecondCA: pki.Second} {
		loaded, err := pki.Load(testbed.PKI(), name)
		if err != nil {
			return err
		}
		authorities[authority] = loaded
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	distribution := Distribution{
		Binary:  testbed.Bin("registry"),
		Storage: testbed.RegistryStorage(),
		Socket:  StorageSocket(testbed),
		Log:     log,
	}
	ended, err := distribution.Start(ctx)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, Config{
			Registries: layout.Registries,
			Policies:   Policies(),
			Certificate: func(registry layout.Registry, as string) (tls.Certificate, error) {
				authority := authorities[registry.Authority]
				if authority == nil {
					return tls.Certificate{}, fmt.Errorf("there is no authority %q", registry.Authority)
				}
				leaf := pki.Leaf{CommonName: registry.Names[0], Names: registry.Names}
				switch as {
				case ConnectExpired:
					leaf.NotBefore, leaf.NotAfter = time.Now().AddDate(0, -3, 0), time.Now().AddDate(0, 0, -1)
				case ConnectOtherName:
					leaf.Names = []string{"old." + registry.Names[0]}
				}
				return authority.Issue(leaf)
			},
			Storage:     StorageTransport(StorageSocket(testbed)),
			AdminSocket: testbed.AdminSocket(),
		}, ready)
	}()
	select {
	case err = <-served:
		cancel()
		<-ended //nolint:errcheck // the first error tells more
		return err
	case err = <-ended:
		stopped := ctx.Err() != nil
		cancel()
		served := <-served
		if stopped {
			return served
		}
		return fmt.Errorf("the registry that holds the images ended: %w", errors.Join(err, served))
	}
}

// StorageSocket is the unix socket on which the registry that holds all images
// listens, without any front. Images are written through it.
func StorageSocket(testbed *cluster.Testbed) string {
	return testbed.Run() + "/distribution.sock"
}
