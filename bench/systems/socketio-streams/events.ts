/** The typed events of both directions. `to` is the room of the client that asked: its socket id. */

export interface ClientToServer {
  ask: (id: number, text: string) => void;
  answer: (to: string, id: number, text: string) => void;
}

export interface ServerToPeer {
  ask: (to: string, id: number, text: string) => void;
  answer: (id: number, text: string) => void;
}
