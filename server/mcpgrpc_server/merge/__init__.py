"""Several backends offered as one: names told apart, requests routed, lists and events merged."""
