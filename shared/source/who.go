package source

import (
	"cmp"
	"strings"
)

// Unknown stands for a Who, Where or account that an event does not tell.
const Unknown = "unknown"

// actor is what a person would call who did it. The types are those of "CloudTrail
// userIdentity element" of the CloudTrail user guide; a type that is not known is
// called by its name, ARN or principal.
func actor(event *node) string {
	id := event.get("userIdentity")
	arn := id.get("arn").str()
	user := id.get("userName").str()
	switch id.get("type").str() {
	case "Root":
		return "root"
	case "AssumedRole", "FederatedUser":
		if name := sessionName(id, arn); name != "" {
			return name
		}
	case "AWSAccount":
		return cmp.Or(user, sessionOf(id.get("principalId").str()), lastPart(arn), id.get("accountId").str(), id.get("invokedBy").str(), Unknown)
	case "AWSService":
		return cmp.Or(id.get("invokedBy").str(), event.get("eventSource").str())
	}
	by := user
	if by == "" {
		by = cmp.Or(id.at("onBehalfOf", "userId").str(), lastPart(arn), sessionOf(id.get("principalId").str()), id.get("invokedBy").str())
	}
	if by == "" && event.get("eventType").str() == "AwsServiceEvent" {
		by = event.get("eventSource").str()
	}
	return cmp.Or(by, Unknown)
}

// sessionName is ROLE/SESSION: the part of the ARN behind
// arn:aws:sts::ACCOUNT:assumed-role/.
func sessionName(id *node, arn string) string {
	if _, name, ok := strings.Cut(arn, "/"); ok && name != "" {
		return name
	}
	issuer := id.at("sessionContext", "sessionIssuer", "userName").str()
	_, session, _ := strings.Cut(id.get("principalId").str(), ":")
	if issuer != "" && session != "" {
		return issuer + "/" + session
	}
	return cmp.Or(issuer, session)
}

// sessionOf is the name behind the ID in a principal, or the principal.
func sessionOf(principal string) string {
	if _, session, ok := strings.Cut(principal, ":"); ok && session != "" {
		return session
	}
	return principal
}

// lastPart is what a person would call an ARN.
func lastPart(arn string) string {
	resource := arn[strings.LastIndexByte(arn, ':')+1:]
	return resource[strings.LastIndexByte(resource, '/')+1:]
}

// place is ACCOUNT/REGION, and the account alone, "" if it is not told.
func place(event *node) (where, account string) {
	account = cmp.Or(event.get("recipientAccountId").str(), event.at("userIdentity", "accountId").str())
	region := event.get("awsRegion").str()
	switch {
	case account != "" && region != "":
		return account + "/" + region, account
	case account != "":
		return account, account
	}
	return cmp.Or(region, Unknown), ""
}
