"""Turns messages of the Qdrant wire contract into words of Qdrant Edge, and back."""

import uuid

import qdrant_edge as edge
from qdrant_client import grpc

MEMORY = {1: edge.Memory.Cold, 2: edge.Memory.Cached, 3: edge.Memory.Pinned}
DISTANCES = {
    1: edge.Distance.Cosine,
    2: edge.Distance.Euclid,
    3: edge.Distance.Dot,
    4: edge.Distance.Manhattan,
}
SCHEMAS = {
    "FieldTypeKeyword": edge.PayloadSchemaType.Keyword,
    "FieldTypeInteger": edge.PayloadSchemaType.Integer,
    "FieldTypeFloat": edge.PayloadSchemaType.Float,
    "FieldTypeBool": edge.PayloadSchemaType.Bool,
}


class Unsupported(Exception):
    """The front does not speak this part of the contract."""


def optional(message, field):
    """The value of an optional field, None where it is not set."""
    return getattr(message, field) if message.HasField(field) else None


# ---- settings of a collection -------------------------------------------------------------------


def memory(message):
    return MEMORY.get(optional(message, "memory"))


def hnsw(message):
    return edge.HnswIndexConfig(
        m=message.m if message.HasField("m") else 16,
        ef_construct=message.ef_construct or 100,
        full_scan_threshold=message.full_scan_threshold or 10_000,
        payload_m=optional(message, "payload_m"),
        memory=memory(message),
    )


def quantization(message):
    if message.WhichOneof("quantization") != "scalar":
        raise Unsupported("quantization that is not scalar")
    scalar = message.scalar
    return edge.ScalarQuantizationConfig(
        edge.ScalarType.Int8, quantile=optional(scalar, "quantile"), memory=memory(scalar)
    )


def dense_params(message):
    return edge.EdgeVectorParams(
        size=message.size,
        distance=DISTANCES[message.distance],
        memory=memory(message),
        quantization_config=quantization(message.quantization_config)
        if message.HasField("quantization_config")
        else None,
        hnsw_config=hnsw(message.hnsw_config) if message.HasField("hnsw_config") else None,
    )


def sparse_params(message):
    return edge.EdgeSparseVectorParams(
        full_scan_threshold=optional(message.index, "full_scan_threshold"),
        modifier=edge.Modifier.Idf if message.modifier == 1 else None,
        memory=memory(message.index) if message.HasField("index") else None,
    )


def config(message):
    """The shard that a CreateCollection asks for."""
    vectors = message.vectors_config
    if vectors.WhichOneof("config") == "params":
        dense = dense_params(vectors.params)
    else:
        dense = {name: dense_params(one) for name, one in vectors.params_map.map.items()}
    sparse = message.sparse_vectors_config.map
    return edge.EdgeConfig(
        vectors=dense or None,
        sparse_vectors={name: sparse_params(one) for name, one in sparse.items()} or None,
        hnsw_config=hnsw(message.hnsw_config) if message.HasField("hnsw_config") else None,
        quantization_config=quantization(message.quantization_config)
        if message.HasField("quantization_config")
        else None,
    )


def index_schema(message):
    """What a CreateFieldIndex asks for."""
    params = message.field_index_params
    which = params.WhichOneof("index_params")
    if which == "keyword_index_params":
        one = params.keyword_index_params
        return edge.KeywordIndexParams(is_tenant=optional(one, "is_tenant"), memory=memory(one))
    if which == "integer_index_params":
        one = params.integer_index_params
        return edge.IntegerIndexParams(
            lookup=optional(one, "lookup"), range=optional(one, "range"), memory=memory(one)
        )
    if which is not None:
        raise Unsupported(f"an index with {which}")
    name = grpc.FieldType.Name(message.field_type)
    if name not in SCHEMAS:
        raise Unsupported(f"an index of {name}")
    return SCHEMAS[name]


# ---- ids, values, vectors -----------------------------------------------------------------------


def point_id(message):
    if message.WhichOneof("point_id_options") == "num":
        return message.num
    return uuid.UUID(message.uuid)


def id_message(value):
    if isinstance(value, int):
        return grpc.PointId(num=value)
    return grpc.PointId(uuid=str(value))


def value(message):
    kind = message.WhichOneof("kind")
    if kind in (None, "null_value"):
        return None
    if kind == "list_value":
        return [value(one) for one in message.list_value.values]
    if kind == "struct_value":
        return {key: value(one) for key, one in message.struct_value.fields.items()}
    return getattr(message, kind)


def value_message(given):
    if given is None:
        return grpc.Value(null_value=0)
    if isinstance(given, bool):
        return grpc.Value(bool_value=given)
    if isinstance(given, int):
        return grpc.Value(integer_value=given)
    if isinstance(given, float):
        return grpc.Value(double_value=given)
    if isinstance(given, str):
        return grpc.Value(string_value=given)
    if isinstance(given, list):
        return grpc.Value(list_value=grpc.ListValue(values=[value_message(one) for one in given]))
    fields = {key: value_message(one) for key, one in given.items()}
    return grpc.Value(struct_value=grpc.Struct(fields=fields))


def payload(fields):
    return {key: value(one) for key, one in fields.items()}


def payload_message(given):
    return {key: value_message(one) for key, one in (given or {}).items()}


def vector(message):
    which = message.WhichOneof("vector")
    if which == "dense":
        return list(message.dense.data)
    if which == "sparse":
        return edge.SparseVector(list(message.sparse.indices), list(message.sparse.values))
    if which is None and message.HasField("indices"):
        return edge.SparseVector(list(message.indices.data), list(message.data))
    if which is None:
        return list(message.data)
    raise Unsupported(f"a vector of kind {which}")


def vectors(message):
    if message.WhichOneof("vectors_options") == "vectors":
        return {name: vector(one) for name, one in message.vectors.vectors.items()}
    if message.WhichOneof("vectors_options") == "vector":
        return vector(message.vector)
    return {}


def vector_message(given):
    if isinstance(given, edge.SparseVector):
        sparse = grpc.SparseVector(indices=given.indices, values=given.values)
        return grpc.VectorOutput(sparse=sparse)
    return grpc.VectorOutput(dense=grpc.DenseVector(data=given))


def vectors_message(given):
    if not given:
        return None
    if isinstance(given, dict):
        named = {name: vector_message(one) for name, one in given.items()}
        return grpc.VectorsOutput(vectors=grpc.NamedVectorsOutput(vectors=named))
    return grpc.VectorsOutput(vector=vector_message(given))


def with_payload(message):
    which = message.WhichOneof("selector_options")
    if which == "include":
        return edge.PayloadSelector.Include(list(message.include.fields))
    if which == "exclude":
        return edge.PayloadSelector.Exclude(list(message.exclude.fields))
    return bool(message.enable)


def with_vectors(message):
    if message.WhichOneof("selector_options") == "include":
        return list(message.include.names)
    return bool(message.enable)


# ---- filters ------------------------------------------------------------------------------------


def match(message):
    which = message.WhichOneof("match_value")
    if which in ("keyword", "integer", "boolean"):
        return edge.MatchValue(getattr(message, which))
    if which == "keywords":
        return edge.MatchAny(list(message.keywords.strings))
    if which == "integers":
        return edge.MatchAny(list(message.integers.integers))
    raise Unsupported(f"a match by {which}")


def condition(message):
    which = message.WhichOneof("condition_one_of")
    if which == "field":
        field = message.field
        if field.HasField("match"):
            return edge.FieldCondition(field.key, match=match(field.match))
        if field.HasField("range"):
            bounds = {end: optional(field.range, end) for end in ("lt", "gt", "gte", "lte")}
            return edge.FieldCondition(field.key, range=edge.RangeFloat(**bounds))
        raise Unsupported("a condition on a field that is neither match nor range")
    if which == "has_id":
        return edge.HasIdCondition({point_id(one) for one in message.has_id.has_id})
    if which == "has_vector":
        return edge.HasVectorCondition(message.has_vector.has_vector)
    if which == "is_empty":
        return edge.IsEmptyCondition(message.is_empty.key)
    if which == "filter":
        return condition_filter(message.filter)
    raise Unsupported(f"a condition by {which}")


def condition_filter(message):
    if message.HasField("min_should"):
        raise Unsupported("min_should")
    parts = {
        name: [condition(one) for one in getattr(message, name)] or None
        for name in ("must", "should", "must_not")
    }
    return edge.Filter(**parts)


def asked_filter(message, field="filter"):
    """The filter of a request, None where it has none."""
    return condition_filter(getattr(message, field)) if message.HasField(field) else None


# ---- questions ----------------------------------------------------------------------------------


def order_by(message):
    direction = edge.Direction.Desc if message.direction == 1 else edge.Direction.Asc
    return edge.OrderBy(message.key, direction=direction)


def scoring(message):
    """What a Query or a Prefetch scores by; None where it only filters."""
    if not message.HasField("query"):
        return None
    query = message.query
    which = query.WhichOneof("variant")
    if which == "order_by":
        return order_by(query.order_by)
    if which == "fusion":
        return edge.Fusion.Rrf(k=2) if query.fusion == 0 else edge.Fusion.Dbsf()
    if which != "nearest":
        raise Unsupported(f"a query by {which}")
    kind = query.nearest.WhichOneof("variant")
    if kind == "dense":
        near = list(query.nearest.dense.data)
    elif kind == "sparse":
        sparse = query.nearest.sparse
        near = edge.SparseVector(list(sparse.indices), list(sparse.values))
    else:
        raise Unsupported(f"nearest to a {kind}")
    return edge.Query.Nearest(near, optional(message, "using"))


def search_params(message):
    if not message.HasField("params"):
        return None
    params, inner = message.params, message.params.quantization
    return edge.SearchParams(
        hnsw_ef=optional(params, "hnsw_ef"),
        exact=params.exact,
        quantization=edge.QuantizationSearchParams(
            ignore=inner.ignore,
            rescore=optional(inner, "rescore"),
            oversampling=optional(inner, "oversampling"),
        )
        if params.HasField("quantization")
        else None,
        indexed_only=params.indexed_only,
    )


def prefetch(message):
    return edge.Prefetch(
        limit=message.limit or 10,
        query=scoring(message),
        prefetches=[prefetch(one) for one in message.prefetch],
        params=search_params(message),
        filter=asked_filter(message),
        score_threshold=optional(message, "score_threshold"),
    )


def query(message):
    return edge.QueryRequest(
        limit=message.limit if message.HasField("limit") else 10,
        offset=message.offset,
        query=scoring(message),
        prefetches=[prefetch(one) for one in message.prefetch],
        with_vector=with_vectors(message.with_vectors),
        with_payload=with_payload(message.with_payload),
        filter=asked_filter(message),
        score_threshold=optional(message, "score_threshold"),
        params=search_params(message),
    )


def order_value(given):
    if given is None:
        return None
    if isinstance(given, int):
        return grpc.OrderValue(int=given)
    return grpc.OrderValue(float=given)


def scored(point):
    return grpc.ScoredPoint(
        id=id_message(point.id),
        payload=payload_message(point.payload),
        score=point.score,
        version=point.version,
        vectors=vectors_message(point.vector),
        order_value=order_value(point.order_value),
    )


def retrieved(record):
    return grpc.RetrievedPoint(
        id=id_message(record.id),
        payload=payload_message(record.payload),
        vectors=vectors_message(record.vector),
        order_value=order_value(record.order_value),
    )


def facet_value(given):
    if isinstance(given, bool):
        return grpc.FacetValue(bool_value=given)
    if isinstance(given, int):
        return grpc.FacetValue(integer_value=given)
    return grpc.FacetValue(string_value=given)
