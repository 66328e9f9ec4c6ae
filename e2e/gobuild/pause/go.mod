module guardedmodel.dev/e2e/gobuild/pause

go 1.24.0
