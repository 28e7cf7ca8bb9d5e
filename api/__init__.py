"""The edge: parse a request, call one function of the domain, dump its answer."""
