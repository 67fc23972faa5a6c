package mcpgrpc

// The golden vectors, which every language reads. They are compared as messages and as bytes; text of
// JSON-RPC, which this client neither reads nor writes, is left to those that do.

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

type vector struct {
	Name        string
	Envelope    json.RawMessage
	Hex         *string
	Message     protoreflect.FullName
	JSON        json.RawMessage
	ReadingOnly bool `json:"reading_only"`
	Frames      []struct {
		Frame json.RawMessage
		Hex   string
	}
	Reassembles []struct {
		Envelope json.RawMessage
		Hex      string
	}
	Error *struct{ Reason string }
}

func TestEveryVectorIsReadAndWrittenAsItsBytes(t *testing.T) {
	folder := vectorsFolder()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors in %s: %v", folder, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			compared := 0
			for _, each := range vectorsIn(t, file) {
				if checkVector(t, each) {
					compared++
				}
			}
			if !t.Failed() {
				report(t, name, compared)
			}
		})
	}
}

func vectorsFolder() string {
	if folder := os.Getenv("MCPGRPC_VECTORS"); folder != "" {
		return folder
	}
	return "../../proto/vectors"
}

func vectorsIn(t *testing.T, file string) []vector {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Vectors []vector }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return document.Vectors
}

// checkVector tells whether there was something to compare.
func checkVector(t *testing.T, each vector) bool {
	t.Helper()
	switch {
	case each.Frames != nil:
		for _, frame := range each.Frames {
			checkBytes(t, each.Name, each.Message, frame.Frame, frame.Hex, each.ReadingOnly)
		}
	case each.Hex != nil && each.Envelope != nil:
		// What is only for readers of text is bytes like any other here.
		checkBytes(t, each.Name, "mcpgrpc.v1.Envelope", each.Envelope, *each.Hex, false)
	case each.Hex != nil && each.JSON != nil:
		checkBytes(t, each.Name, each.Message, each.JSON, *each.Hex, false)
	case each.Hex != nil:
		if proto.Unmarshal(bytesOf(t, *each.Hex), &pb.Envelope{}) == nil {
			t.Errorf("%s: bytes that are no envelope were read", each.Name)
		}
		return false
	default:
		return false
	}
	return true
}

func checkBytes(
	t *testing.T, name string, message protoreflect.FullName, text json.RawMessage, digits string,
	readingOnly bool,
) {
	t.Helper()
	said, read := messageOf(t, message), messageOf(t, message)
	if err := protojson.Unmarshal(text, said); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(bytesOf(t, digits), read); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if !proto.Equal(said, read) {
		t.Errorf("%s: the bytes are\n%v, the JSON is\n%v", name, read, said)
	}
	if got := written(t, read); !readingOnly && got != digits {
		t.Errorf("%s: written as %s; wanted %s", name, got, digits)
	}
}

// written is what Go makes of a message, in hexadecimal, its fields in the order of their numbers: Go
// writes the members of a oneof behind the others, and the vectors have the one order that all share.
func written(t *testing.T, message proto.Message) string {
	t.Helper()
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(inOrder(t, data, message.ProtoReflect().Descriptor()))
}

func inOrder(t *testing.T, data []byte, message protoreflect.MessageDescriptor) []byte {
	t.Helper()
	fields := map[protowire.Number][]byte{}
	for len(data) > 0 {
		number, kind, tag := protowire.ConsumeTag(data)
		value := protowire.ConsumeFieldValue(number, kind, data[max(tag, 0):])
		if tag < 0 || value < 0 {
			t.Fatalf("%s was written as no message", message.FullName())
		}
		field := data[:tag+value]
		if inner := message.Fields().ByNumber(number).Message(); inner != nil {
			text, _ := protowire.ConsumeBytes(data[tag:])
			field = protowire.AppendBytes(protowire.AppendTag(nil, number, kind), inOrder(t, text, inner))
		}
		fields[number] = append(fields[number], field...)
		data = data[tag+value:]
	}
	ordered := []byte{}
	for _, number := range slices.Sorted(maps.Keys(fields)) {
		ordered = append(ordered, fields[number]...)
	}
	return ordered
}

func TestPiecesOfTheVectorsGiveTheirEnvelopes(t *testing.T) {
	checked := 0
	for _, each := range vectorsIn(t, filepath.Join(vectorsFolder(), "frames.json")) {
		if each.Reassembles == nil {
			continue
		}
		checked++
		whole, err := reassembled(t, each)
		if (err != nil) != (each.Error != nil) {
			t.Errorf("%s: %v", each.Name, err)
		}
		if len(whole) != len(each.Reassembles) {
			t.Errorf("%s: %d envelopes, wanted %d", each.Name, len(whole), len(each.Reassembles))
			continue
		}
		for i, wanted := range each.Reassembles {
			if got := written(t, whole[i]); got != wanted.Hex {
				t.Errorf("%s: %s, wanted %s", each.Name, got, wanted.Hex)
			}
		}
	}
	if checked == 0 {
		t.Error("there are no pieces in the vectors")
	}
}

// reassembled puts together the pieces of either direction; a piece has the same place in both.
func reassembled(t *testing.T, each vector) ([]*pb.Envelope, error) {
	t.Helper()
	var parts pieces
	var whole []*pb.Envelope
	for _, frame := range each.Frames {
		read := &pb.SessionRequest{}
		if err := proto.Unmarshal(bytesOf(t, frame.Hex), read); err != nil {
			t.Fatal(err)
		}
		for _, item := range read.GetItems() {
			if item.GetFragment() == nil {
				continue
			}
			envelope, err := parts.add(item.GetFragment())
			if err != nil {
				return whole, err
			}
			if envelope != nil {
				whole = append(whole, envelope)
			}
		}
	}
	return whole, nil
}

func TestMoreOpenPiecesThanAnnouncedAreRefused(t *testing.T) {
	var parts pieces
	for id := range uint64(maxOpenPieces) {
		if _, err := parts.add(&pb.Fragment{FragmentId: id, Data: []byte{10}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := parts.add(&pb.Fragment{FragmentId: maxOpenPieces}); err == nil {
		t.Error("one more was taken")
	}
}

func TestPiecesBeyondTheLargestEnvelopeAreRefused(t *testing.T) {
	var parts pieces
	megabyte := make([]byte, 1<<20)
	for range maxMessageBytes / len(megabyte) {
		if _, err := parts.add(&pb.Fragment{FragmentId: 1, Data: megabyte}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := parts.add(&pb.Fragment{FragmentId: 1, Data: []byte{0}}); err == nil {
		t.Error("one more byte was taken")
	}
}

func messageOf(t *testing.T, name protoreflect.FullName) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

func bytesOf(t *testing.T, digits string) []byte {
	t.Helper()
	read, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// report tells the runner of every language's tests how many vectors of a file were compared.
func report(t *testing.T, file string, compared int) {
	t.Helper()
	path := os.Getenv("MCPGRPC_REPORT")
	if path == "" {
		return
	}
	out, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := fmt.Fprintf(out, "%s %d\n", file, compared); err != nil {
		t.Fatal(err)
	}
}

func TestPiecesThatEndBeforeTheirTotalAreRefusedThoughTheyDecode(t *testing.T) {
	var parts pieces
	total, last := uint64(5), pb.FragmentState_FRAGMENT_STATE_LAST
	if whole, err := parts.add(&pb.Fragment{FragmentId: 1, TotalBytes: &total, State: last}); err == nil {
		t.Errorf("%v was read", whole)
	}
}
