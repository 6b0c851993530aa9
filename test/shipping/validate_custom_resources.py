"""Custom resources against the schemas of their definitions, closed: a member that a schema does not know is refused.

usage: validate_custom_resources.py <manifests> <definitions>...
Prints `<kind>/<name>` for each that is valid; the rules written in CEL are the API server's to check.
"""

import sys

import jsonschema
import yaml


def close(schema):
    if isinstance(schema, list):
        return [close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: close(each) for name, each in schema.items()}
    open_ended = closed.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in closed
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object" and not open_ended:
        closed["additionalProperties"] = False
    return closed


def documents(path):
    with open(path, encoding="utf-8") as file:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [each for each in yaml.load_all(file, loader) if each is not None]


known = {}
for path in sys.argv[2:]:
    for definition in documents(path):
        if definition.get("kind") != "CustomResourceDefinition":
            continue
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = close(version["schema"]["openAPIV3Schema"])
            for name in ("apiVersion", "kind", "metadata"):
                schema["properties"][name] = {}
            known[(f"{spec['group']}/{version['name']}", spec["names"]["kind"])] = schema

for document in documents(sys.argv[1]):
    schema = known.get((document["apiVersion"], document["kind"]))
    if schema is None:
        continue
    jsonschema.Draft7Validator(schema).validate(document)
    print(f"{document['kind']}/{document['metadata']['name']}")
