package gateway

import (
	"net/http"
	"strconv"
	"strings"
)

// response is a gateway response: what API Gateway says when no function can.
type response struct {
	status    int // 0 keeps that of the type
	headers   map[string]string
	templates map[string]string
}

// statuses are API Gateway's own for each response type (developer guide,
// "Gateway response types for API Gateway").
var statuses = map[string]int{
	"ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 500, "AUTHORIZER_FAILURE": 500,
	"BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400, "EXPIRED_TOKEN": 403, "INTEGRATION_FAILURE": 504, "INTEGRATION_TIMEOUT": 504,
	"INVALID_API_KEY": 403, "INVALID_SIGNATURE": 403, "MISSING_AUTHENTICATION_TOKEN": 403, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413,
	"RESOURCE_NOT_FOUND": 404, "THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415, "WAF_FILTERED": 403,
}

func newResponse(properties map[string]any) response {
	r := response{headers: map[string]string{}, templates: map[string]string{}}
	if s := text(properties["StatusCode"]); s != "" {
		r.status, _ = strconv.Atoi(s) // 0, the type's own, if it is no number
	}
	parameters, _ := properties["ResponseParameters"].(map[string]any)
	for name, value := range parameters {
		if header, ok := strings.CutPrefix(name, "gatewayresponse.header."); ok {
			r.headers[header] = text(value)
		}
	}
	templates, _ := properties["ResponseTemplates"].(map[string]any)
	for media, t := range templates {
		r.templates[media] = text(t)
	}
	return r
}

// respond answers with the gateway response of a type, or the default of its
// class, or API Gateway's own.
func (p *api) respond(w http.ResponseWriter, r *http.Request, kind string, context map[string]string) {
	status := statuses[kind]
	answer, ok := p.responses[kind]
	if !ok {
		class := "DEFAULT_4XX"
		if status >= http.StatusInternalServerError {
			class = "DEFAULT_5XX"
		}
		answer, ok = p.responses[class]
	}
	if answer.status != 0 {
		status = answer.status
	}
	for name, value := range answer.headers {
		if v := mapped(value, context); v != "" {
			w.Header().Set(name, v)
		}
	}
	media, body := answer.template(r.Header.Get("Accept"))
	if !ok {
		media, body = "application/json", `{"message":null}`
	}
	for name, value := range context {
		body = strings.ReplaceAll(body, "$context."+name, value)
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // an error means that the client is gone
}

// template picks by Accept, application/json where that names none.
func (r response) template(accept string) (media, body string) {
	media, _, _ = strings.Cut(accept, ",")
	media, _, _ = strings.Cut(strings.TrimSpace(media), ";")
	if body, ok := r.templates[media]; ok {
		return media, body
	}
	return "application/json", r.templates["application/json"]
}

// mapped is the value of a mapping: a quoted text, or a variable of the context.
func mapped(value string, context map[string]string) string {
	if s, ok := strings.CutPrefix(value, "'"); ok {
		return strings.TrimSuffix(s, "'")
	}
	return context[strings.TrimPrefix(value, "context.")]
}
