package dynamo

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// KeepConnection is an API option for any client of the SDK: the body of a request
// is one that can only be read.
//
// The SDK closes a request's body as soon as the head of the answer is there, and the
// transport may not have looked for the end of that body yet: it does so after it has
// sent the last byte. Reading a closed body then is its end, but writing one out,
// which is preferred where a body can, is an error, for which the transport closes
// the connection under the rest of the answer. The SDK tries again without a word.
// For a received message that means that it is lost until its timeout ends.
func KeepConnection(stack *middleware.Stack) error {
	const id = "KeepConnection"
	if _, there := stack.Build.Get(id); there {
		return nil
	}
	return stack.Build.Add(middleware.BuildMiddlewareFunc(id, func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		req, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return next.HandleBuild(ctx, in)
		}
		if body, ok := req.GetStream().(io.ReadSeeker); ok {
			plain, err := req.SetStream(struct{ io.ReadSeeker }{body})
			if err != nil {
				return middleware.BuildOutput{}, middleware.Metadata{}, fmt.Errorf("keep the connection: %w", err)
			}
			in.Request = plain
		}
		return next.HandleBuild(ctx, in)
	}), middleware.Before)
}
