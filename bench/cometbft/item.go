package main

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/cosmos/gogoproto/proto"
)

// Item is the message that every contestant carries: `{ fixed32 seq = 1; bytes body = 2; }`. Its
// methods do what generated code does for CometBFT's own messages, but that they write the number
// even if it is 0, like the other contestants.
type Item struct {
	Seq  uint32 `protobuf:"fixed32,1,opt,name=seq,proto3"`
	Body []byte `protobuf:"bytes,2,opt,name=body,proto3"`
}

var itemInfo proto.InternalMessageInfo

func (m *Item) Reset()                       { *m = Item{} }
func (m *Item) String() string               { return fmt.Sprintf("item %d", m.Seq) }
func (*Item) ProtoMessage()                  {}
func (m *Item) XXX_Merge(from proto.Message) { itemInfo.Merge(m, from) }
func (m *Item) XXX_Size() int                { return m.Size() }

// Size is the length of the encoded message.
func (m *Item) Size() int {
	size := 5
	if length := len(m.Body); length > 0 {
		size += 1 + len(binary.AppendUvarint(nil, uint64(length))) + length
	}
	return size
}

// Marshal encodes the message.
func (m *Item) Marshal() ([]byte, error) {
	bytes := append(make([]byte, 0, m.Size()), 1<<3|5)
	bytes = binary.LittleEndian.AppendUint32(bytes, m.Seq)
	if len(m.Body) > 0 {
		bytes = binary.AppendUvarint(append(bytes, 2<<3|2), uint64(len(m.Body)))
		bytes = append(bytes, m.Body...)
	}
	return bytes, nil
}

// Unmarshal decodes a message, and copies its body.
func (m *Item) Unmarshal(bytes []byte) error {
	for len(bytes) > 0 {
		tag := bytes[0]
		bytes = bytes[1:]
		switch tag {
		case 1<<3 | 5:
			if len(bytes) < 4 {
				return io.ErrUnexpectedEOF
			}
			m.Seq = binary.LittleEndian.Uint32(bytes)
			bytes = bytes[4:]
		case 2<<3 | 2:
			length, read := binary.Uvarint(bytes)
			if read <= 0 || uint64(len(bytes)-read) < length {
				return io.ErrUnexpectedEOF
			}
			bytes = bytes[read:]
			m.Body = append(m.Body[:0], bytes[:length]...)
			bytes = bytes[length:]
		default:
			return fmt.Errorf("tag %d", tag)
		}
	}
	return nil
}
