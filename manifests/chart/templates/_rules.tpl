{{- /* Made by `make manifests` from manifests/install/rbac.yaml and manifests/base/lease-rbac.yaml; a change here is lost. */ -}}
{{- define "lingua-operator.rules" -}}
# Watched, and asked for once more before the first object is made.
- apiGroups: [lingua.dev]
  resources: [schedulerclusters]
  verbs: [get, list, watch]
# The status is all that is written to an object of the user.
- apiGroups: [lingua.dev]
  resources: [schedulerclusters/status]
  verbs: [patch]
# Server-side apply needs both create and patch. Get: a name that is taken by somebody else is found before it is written to.
- apiGroups: ['']
  resources: [serviceaccounts]
  verbs: [get, list, watch, create, patch]
# Delete: an embedded Redis that is not wished for any more.
- apiGroups: ['']
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, delete]
# Delete: a configuration that nothing uses any more.
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get, list, watch, create, patch, delete]
# Delete: a single instance has no budget.
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
# Delete: a way in or a guard that is not wished for any more.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies, ingresses]
  verbs: [get, list, watch, create, patch, delete]
# Objects of the Prometheus operator, where its definitions are installed. Delete: no longer wished for.
- apiGroups: [monitoring.coreos.com]
  resources: [podmonitors, prometheusrules]
  verbs: [get, list, watch, create, patch, delete]
# The instances; never changed. Delete: one that drained although it should stay starts anew.
- apiGroups: ['']
  resources: [pods]
  verbs: [list, watch, delete]
# The admin token and the password of an embedded Redis are made once and read by their names. No list and no watch: other Secrets are nobody's business.
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, create]
# Patch: what happens again becomes a count on its event.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end }}
{{- define "lingua-operator.leaseRules" -}}
# A name cannot be known before the object is made, so creating is not bound to one.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [lingua-operator]
  verbs: [get, update]
{{- end }}
