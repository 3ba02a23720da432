package signaling

import (
	"strings"

	"github.com/lyceum-live/lyceum/media"
	"github.com/lyceum-live/lyceum/wire"
)

// Servers is the reply to media.servers: what an RTCPeerConnection of the
// client's is to be made with, and until when.
type Servers struct {
	Servers []media.ICEServer `json:"servers"`
	Expires wire.Millis       `json:"expires,omitzero"`
}

// Via says by which host the client came: it reaches the relay there too,
// unless that has a name of its own. Call it before the first request.
func (p *Peer) Via(host string) {
	p.mu.Lock()
	p.host = host
	p.mu.Unlock()
}

// servers are those for the peer's client.
func (p *Peer) servers() Servers {
	p.mu.Lock()
	host := p.host
	p.mu.Unlock()
	list, until := p.hall.service.engine.ICEServers(string(p.user), host)
	if len(list) == 0 {
		return Servers{Servers: []media.ICEServer{}}
	}
	return Servers{list, wire.At(until)}
}

// Links are the Link headers that tell the client of a session over HTTP, which
// came by that host, of the servers it may reach us through (RFC 9725, section
// 4.6).
func (x *Session) Links(host string) []string {
	var links []string
	list, _ := x.service.engine.ICEServers(string(x.user), host)
	for _, s := range list {
		for _, url := range s.URLs {
			links = append(links, "<"+url+`>; rel="ice-server"; username=`+quoted(s.Username)+
				"; credential="+quoted(s.Credential)+`; credential-type="password"`)
		}
	}
	return links
}

// quoted writes a string as RFC 9110, section 5.6.4 has it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
