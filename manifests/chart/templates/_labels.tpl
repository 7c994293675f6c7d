{{- /* Metadata of every object. Names are fixed: the Lease and the selectors of others go by them. */ -}}
{{- define "lingua-operator.labels" -}}
labels:
  app.kubernetes.io/part-of: lingua
{{- end }}
{{- define "lingua-operator.selector" -}}
app.kubernetes.io/name: lingua-operator
{{- end }}
