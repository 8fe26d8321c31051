// One side of a pair of CometBFT's own p2p: a switch with one reactor, over its SecretConnection.
// contestants/cometbft.ts starts it, and talks to it in lines:
//
//	cometbft listen BYTES      prints `at ADDRESS`, then `came COUNT` each millisecond in which
//	                           messages came, COUNT being all so far; `fault …` if one is not the next
//	cometbft dial ADDRESS BYTES    prints `up`; to `send FIRST COUNT` on its input it answers `sent`,
//	                           to `ping` it answers `pong`
//
// Both answer `cpu` on their input with `cpu US`, the processor time of the process so far.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/p2p/conn"
)

const (
	channel = byte(0x20)
	// Messages that a queue of CometBFT holds here, as in its reactor of the mempool.
	queued = 4096
	// Bytes/s. CometBFT limits rates to 5 MB/s by default.
	unlimited = int64(1) << 40
	pingSeq   = ^uint32(0)
)

// reactor takes the messages of the other side.
type reactor struct {
	*p2p.BaseReactor
	listens bool
	up      chan p2p.Peer
	next    uint32
	came    atomic.Int64
}

func newReactor(listens bool) *reactor {
	r := &reactor{listens: listens, up: make(chan p2p.Peer, 1)}
	r.BaseReactor = p2p.NewBaseReactor("bench", r)
	return r
}

func (*reactor) GetChannels() []*conn.ChannelDescriptor {
	return []*conn.ChannelDescriptor{{
		ID:                  channel,
		Priority:            1,
		SendQueueCapacity:   queued,
		RecvMessageCapacity: 1 << 22,
		MessageType:         &Item{},
	}}
}

func (r *reactor) AddPeer(peer p2p.Peer) { r.up <- peer }

func (r *reactor) Receive(e p2p.Envelope) {
	item := e.Message.(*Item)
	switch {
	case item.Seq == pingSeq && r.listens:
		e.Src.Send(p2p.Envelope{ChannelID: channel, Message: item})
	case item.Seq == pingSeq:
		fmt.Println("pong")
	case item.Seq != r.next:
		fmt.Printf("fault message %d came, not %d\n", item.Seq, r.next)
		os.Exit(1)
	default:
		r.next++
		r.came.Add(1)
	}
}

// tell prints how many messages came, while they come.
func (r *reactor) tell() {
	told := int64(0)
	for range time.Tick(time.Millisecond) {
		if came := r.came.Load(); came != told {
			fmt.Println("came", came)
			told = came
		}
	}
}

// start starts a switch that listens on a free port of loopback.
func start(r *reactor) (*p2p.Switch, *p2p.NetAddress) {
	key := &p2p.NodeKey{PrivKey: ed25519.GenPrivKey()}
	limits := conn.DefaultMConnConfig()
	limits.SendRate, limits.RecvRate = unlimited, unlimited
	limits.FlushThrottle = 10 * time.Millisecond
	address, err := p2p.NewNetAddressString(p2p.IDAddressString(key.ID(), freeAddress()))
	must(err)
	nodeInfo := p2p.DefaultNodeInfo{
		ProtocolVersion: p2p.NewProtocolVersion(9, 11, 0),
		DefaultNodeID:   key.ID(),
		ListenAddr:      address.DialString(),
		Network:         "bench",
		Version:         "1.0.0",
		Channels:        []byte{channel},
		Moniker:         "bench",
		Other:           p2p.DefaultNodeInfoOther{TxIndex: "off", RPCAddress: "tcp://127.0.0.1:1"},
	}
	transport := p2p.NewMultiplexTransport(nodeInfo, *key, limits)
	must(transport.Listen(*address))
	settings := config.DefaultP2PConfig()
	settings.AllowDuplicateIP = true
	node := p2p.NewSwitch(settings, transport)
	node.SetNodeInfo(nodeInfo)
	node.SetNodeKey(key)
	node.AddReactor("bench", r)
	must(node.Start())
	return node, address
}

// freeAddress gives a port that is free. CometBFT's transport does not tell which one it got.
func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	return listener.Addr().String()
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cometbft:", err)
		os.Exit(1)
	}
}

func cpuUs() int64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano()/1000 + usage.Stime.Nano()/1000
}

// bodyFor gives a body with which an encoded message has that many bytes.
func bodyFor(size int) []byte {
	for length := max(size-11, 0); length < size; length++ {
		body := make([]byte, length)
		if (&Item{Body: body}).Size() == size {
			return body
		}
	}
	must(fmt.Errorf("no message has %d bytes", size))
	return nil
}

func sendAll(peer p2p.Peer, body []byte, first uint32, count int) {
	for seq := first; count > 0; count, seq = count-1, seq+1 {
		// Send waits while the queue is full, and gives up after ten seconds.
		if !peer.Send(p2p.Envelope{ChannelID: channel, Message: &Item{Seq: seq, Body: body}}) {
			must(fmt.Errorf("message %d was not taken", seq))
		}
	}
	fmt.Println("sent")
}

func main() {
	if len(os.Args) < 3 {
		must(fmt.Errorf("usage: cometbft listen BYTES | cometbft dial ADDRESS BYTES"))
	}
	size, err := strconv.Atoi(os.Args[len(os.Args)-1])
	must(err)
	body := bodyFor(size)
	listens := os.Args[1] == "listen"
	r := newReactor(listens)
	node, address := start(r)
	var peer p2p.Peer
	if listens {
		fmt.Println("at", address)
		go r.tell()
	} else {
		to, err := p2p.NewNetAddressString(os.Args[2])
		must(err)
		must(node.DialPeerWithAddress(to))
		peer = <-r.up
		fmt.Println("up")
	}
	// The end of the input is the end of the process that asks.
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var first uint32
		var count int
		line := lines.Text()
		switch {
		case line == "cpu":
			fmt.Println("cpu", cpuUs())
		case peer != nil && line == "ping":
			peer.Send(p2p.Envelope{ChannelID: channel, Message: &Item{Seq: pingSeq, Body: body}})
		case peer != nil:
			_, err := fmt.Sscanf(line, "send %d %d", &first, &count)
			must(err)
			go sendAll(peer, body, first, count)
		}
	}
}
