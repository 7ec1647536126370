// Package telemetry makes the hub visible to those who run it: structured
// logs, Prometheus metrics, health and readiness.
package telemetry
