{{- define "gm.fullname" -}}
{{- if contains "guardedmodel-operator" .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else if eq .Release.Name "guardedmodel" -}}guardedmodel-operator
{{- else -}}{{ printf "%s-guardedmodel-operator" .Release.Name | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "gm.labels" -}}
app.kubernetes.io/name: guardedmodel-operator
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "gm.selector" -}}
app.kubernetes.io/name: guardedmodel-operator
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "gm.image" -}}
{{- if .Values.image.digest -}}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end -}}
{{- end -}}

{{- define "gm.sidecarImage" -}}
{{ .Values.sidecar.image | default (printf "ghcr.io/guardedmodel/sidecar:%s" .Chart.AppVersion) }}
{{- end -}}

{{- define "gm.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "gm.excludedNamespaces" -}}
{{ concat (list "kube-system" "kube-public" "kube-node-lease" .Release.Namespace) .Values.admission.excludedNamespaces | uniq | toJson }}
{{- end -}}

{{- define "gm.env" -}}
- {name: GUARDEDMODEL_OPERATOR_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: GUARDEDMODEL_OPERATOR_POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: GUARDEDMODEL_OPERATOR_RELEASE, value: {{ include "gm.fullname" . | quote }}}
- {name: GUARDEDMODEL_OPERATOR_SIDECAR_IMAGE, value: {{ include "gm.sidecarImage" . | quote }}}
- {name: GUARDEDMODEL_OPERATOR_SIDECAR_PULL_POLICY, value: {{ .Values.sidecar.pullPolicy | quote }}}
- {name: GUARDEDMODEL_OPERATOR_SIDECAR_LOG_LEVEL, value: {{ .Values.sidecar.logLevel | quote }}}
{{- end -}}
