package mcpgrpc

// Envelopes that arrive in pieces, put together within bounds. It cuts none: what is sent goes whole.

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	pb "github.com/mcpgrpc/mcpgrpc/clients/go/mcpgrpcv1"
)

// maxOpenPieces is how many envelopes may be in pieces at once; a Session announces it.
const maxOpenPieces = 16

// pieces are the open ones of one direction of a stream. The zero value has none.
type pieces struct {
	open map[uint64]*partial
	held int
}

type partial struct {
	data  []byte
	total *uint64
}

// add takes a piece, and gives the envelope with its last one. An error is the end of the stream.
func (p *pieces) add(piece *pb.Fragment) (*pb.Envelope, error) {
	if piece.GetState() == pb.FragmentState_FRAGMENT_STATE_ABORTED {
		p.forget(piece.GetFragmentId())
		return nil, nil
	}
	part, err := p.partOf(piece)
	if err != nil {
		return nil, err
	}
	part.data = append(part.data, piece.GetData()...)
	p.held += len(piece.GetData())
	last := piece.GetState() == pb.FragmentState_FRAGMENT_STATE_LAST
	if err := p.check(part, last); err != nil || !last {
		return nil, err
	}
	p.forget(piece.GetFragmentId())
	whole := &pb.Envelope{}
	if err := proto.Unmarshal(part.data, whole); err != nil {
		return nil, fmt.Errorf("pieces are no envelope: %w", err)
	}
	return whole, nil
}

func (p *pieces) partOf(piece *pb.Fragment) (*partial, error) {
	if part, has := p.open[piece.GetFragmentId()]; has {
		return part, nil
	}
	if len(p.open) == maxOpenPieces {
		return nil, fmt.Errorf("more than %d envelopes are in pieces", maxOpenPieces)
	}
	if piece.GetTotalBytes() > maxMessageBytes {
		return nil, fmt.Errorf("pieces of %d bytes; the limit is %d", piece.GetTotalBytes(), maxMessageBytes)
	}
	if p.open == nil {
		p.open = map[uint64]*partial{}
	}
	part := &partial{total: piece.TotalBytes}
	p.open[piece.GetFragmentId()] = part
	return part, nil
}

func (p *pieces) check(part *partial, last bool) error {
	size := uint64(len(part.data))
	switch {
	case size > maxMessageBytes || p.held > 2*maxMessageBytes:
		return fmt.Errorf("pieces grew beyond the limit of %d bytes", maxMessageBytes)
	case part.total != nil && (size > *part.total || last && size < *part.total):
		return fmt.Errorf("%d bytes in pieces; %d were announced", size, *part.total)
	}
	return nil
}

func (p *pieces) forget(id uint64) {
	if part, has := p.open[id]; has {
		p.held -= len(part.data)
		delete(p.open, id)
	}
}
