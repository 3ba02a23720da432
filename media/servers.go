package media

import "time"

// ICEServer is one that a browser may reach us through: an RTCIceServer of the
// WebRTC API.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitzero"`
	Credential string   `json:"credential,omitzero"`
}

// ICEServers are those for one person, who came by that host, and until when
// they may be used; none, where there is no relay: then nobody needs any.
func (e *Engine) ICEServers(person, host string) (list []ICEServer, until time.Time) {
	if e.relay == nil {
		return nil, time.Time{}
	}
	urls := e.relay.URLs(host)
	if len(urls) == 0 {
		return nil, time.Time{}
	}
	username, password, until := e.relay.Credentials(person)
	return []ICEServer{{URLs: urls, Username: username, Credential: password}}, until
}
