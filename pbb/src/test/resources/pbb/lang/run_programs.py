"""Runs programs under CPython with the limits of pbb.lang.Limits, for comparison with pbb.lang.Interpreter.

Standard input: lines of JSON {"source", "function", "inputs": [[argument, ...], ...]}, after a first line with the limits
{"steps", "bits", "size", "depth"}. Standard output: one line of JSON per input, {"str", "repr", "steps"} or {"error",
"line", "steps"}, or {"skipped": reason} where CPython cannot show what the limits would do.

The limits are kept by rewriting the syntax tree: a call of _step before each step as Limits defines steps, and functions
in place of the operators that can make large values. What the operators yield is left to CPython.
"""

import ast
import json
import operator
import sys
import threading
import traceback
import warnings


class StepLimitExceeded(Exception):
    pass


class IntegerLimitExceeded(Exception):
    pass


class SizeLimitExceeded(Exception):
    pass


class Incomparable(Exception):
    pass


BINARY = {
    "Add": (operator.add, operator.iadd),
    "Sub": (operator.sub, operator.isub),
    "Mult": (operator.mul, operator.imul),
    "FloorDiv": (operator.floordiv, operator.ifloordiv),
    "Mod": (operator.mod, operator.imod),
    "BitAnd": (operator.and_, operator.iand),
    "BitOr": (operator.or_, operator.ior),
    "BitXor": (operator.xor, operator.ixor),
    "LShift": (operator.lshift, operator.ilshift),
    "RShift": (operator.rshift, operator.irshift),
}

COMPARE = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "In": lambda a, b: a in b,
    "NotIn": lambda a, b: a not in b,
}


def call(name, *arguments):
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(arguments), keywords=[])


class Instrument(ast.NodeTransformer):
    """Adds the calls that count steps and depth, and replaces operators by functions of class Run."""

    def step(self, node):
        return ast.copy_location(ast.Expr(value=call("_step")), node)

    def body(self, statements):
        result = []
        for statement in statements:
            if not isinstance(statement, (ast.If, ast.While)):
                result.append(self.step(statement))
            result.append(self.visit(statement))
        return result

    def visit_FunctionDef(self, node):
        guarded = ast.Try(
            body=self.body(node.body),
            handlers=[],
            orelse=[],
            finalbody=[ast.Expr(value=call("_leave"))],
        )
        node.body = [ast.Expr(value=call("_enter")), guarded]
        return node

    def condition(self, test):
        return ast.copy_location(ast.BoolOp(op=ast.And(), values=[call("_step"), self.visit(test)]), test)

    def visit_If(self, node):
        node.test = self.condition(node.test)
        node.body = self.body(node.body)
        node.orelse = self.body(node.orelse)
        return node

    def visit_While(self, node):
        node.test = self.condition(node.test)
        node.body = self.body(node.body)
        return node

    def visit_For(self, node):
        node.iter = self.visit(node.iter)
        node.body = [self.step(node)] + self.body(node.body)
        return node

    def visit_AugAssign(self, node):
        value = self.visit(node.value)
        name = ast.Constant(type(node.op).__name__)
        if isinstance(node.target, ast.Name):
            before = ast.Name(id=node.target.id, ctx=ast.Load())
            result = ast.Assign(targets=[node.target], value=call("_augmented", name, before, value))
        else:
            place = call("_load", self.visit(node.target.value), self.visit(node.target.slice))
            result = ast.Expr(value=call("_store", name, place, value))
        return ast.copy_location(result, node)

    def visit_BinOp(self, node):
        self.generic_visit(node)
        name = ast.Constant(type(node.op).__name__)
        return ast.copy_location(call("_binary", name, node.left, node.right), node)

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return node if isinstance(node.op, ast.Not) else ast.copy_location(call("_integer", node), node)

    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) > 1:
            return node
        name = ast.Constant(type(node.ops[0]).__name__)
        return ast.copy_location(call("_compare", name, node.left, node.comparators[0]), node)

    def visit_Constant(self, node):
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return ast.copy_location(call("_integer", node), node)
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "append":
            return ast.copy_location(call("_append", node.func, *node.args), node)
        if isinstance(node.func, ast.Name) and node.func.id in ("str", "int", "chr", "abs"):
            node.func.id = "_" + node.func.id
        return node


def nesting(value):
    depth, level = 0, [value]
    while any(isinstance(element, list) for element in level):
        depth += 1
        level = [inner for element in level if isinstance(element, list) for inner in element]
        if depth > 1000:
            raise Incomparable("a list in itself")
    return depth


class Run:
    """One execution: what the instrumented program calls."""

    def __init__(self, limits):
        self.limits = limits
        self.steps = 0
        self.depth = 0

    def _step(self):
        if self.steps == self.limits["steps"]:
            raise StepLimitExceeded()
        self.steps += 1
        return True

    def _enter(self):
        if self.depth == self.limits["depth"]:
            raise RecursionError()
        self.depth += 1

    def _leave(self):
        self.depth -= 1

    def _integer(self, value):
        if isinstance(value, int) and value.bit_length() > self.limits["bits"]:
            raise IntegerLimitExceeded()
        return value

    def limit(self, size):
        if size > self.limits["size"]:
            raise SizeLimitExceeded()

    def limited(self, value):
        if isinstance(value, (str, list)):
            self.limit(len(value))
        return self._integer(value)

    def before(self, name, left, right):
        """Refuses what would be too large to compute."""
        if name == "Mod" and isinstance(left, str):
            raise TypeError("formatting a string with % is not part of the language")
        if name == "LShift" and isinstance(left, int) and isinstance(right, int) and right > self.limits["bits"]:
            if left != 0:
                raise IntegerLimitExceeded()
        if name == "Mult":
            for sequence, times in ((left, right), (right, left)):
                if isinstance(sequence, (str, list)) and isinstance(times, int) and 0 < times <= sys.maxsize:
                    self.limit(len(sequence) * times)

    def _binary(self, name, left, right):
        self.before(name, left, right)
        return self.limited(BINARY[name][0](left, right))

    def _augmented(self, name, left, right):
        self.before(name, left, right)
        if isinstance(left, list) and isinstance(right, (list, str)) and name == "Add":
            self.limit(len(left) + len(right))
        return self.limited(BINARY[name][1](left, right))

    def _load(self, sequence, index):
        return sequence, index, sequence[index]

    def _store(self, name, place, value):
        sequence, index, before = place
        sequence[index] = self._augmented(name, before, value)

    def _compare(self, name, left, right):
        if max(nesting(left), nesting(right)) > self.limits["depth"]:
            raise Incomparable("deep lists")
        return COMPARE[name](left, right)

    def _append(self, append, *arguments):
        if len(arguments) == 1:
            self.limit(len(append.__self__) + 1)
        return append(*arguments)

    def _str(self, *arguments):
        if len(arguments) == 1 and not isinstance(arguments[0], str):
            self.printable(arguments[0])
        return self.limited(str(*arguments))

    def _int(self, *arguments):
        return self._integer(int(*arguments))

    def _abs(self, *arguments):
        return self._integer(abs(*arguments))

    def _chr(self, *arguments):
        if len(arguments) == 1 and isinstance(arguments[0], int) and 0xD800 <= arguments[0] <= 0xDFFF:
            raise ValueError("half a surrogate pair is not part of the language")
        return chr(*arguments)

    def printable(self, value):
        if nesting(value) > self.limits["depth"]:
            raise Incomparable("deep lists")
        count, level = 0, [value]
        while level:
            count += sum(len(element) for element in level if isinstance(element, list))
            self.limit(count)
            level = [inner for element in level if isinstance(element, list) for inner in element]

    def names(self):
        return {name: getattr(self, name) for name in dir(self) if name[0] == "_" and name[1] != "_"}


def failure(error, run):
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == "<program>"
    ]
    # The depth is checked inside the function that was one too many; the line meant is the caller's.
    last = -2 if isinstance(error, RecursionError) else -1
    return {"error": type(error).__name__, "line": lines[last], "steps": run.steps}


def execute(code, function, arguments, limits):
    run = Run(limits)
    environment = run.names()
    exec(code, environment)
    try:
        value = environment[function](*arguments)
    except Incomparable as reason:
        return {"skipped": str(reason)}
    except Exception as error:
        return failure(error, run)
    try:
        run.printable(value)
    except Incomparable as reason:
        return {"skipped": str(reason)}
    except SizeLimitExceeded:
        return {"skipped": "a large result"}
    return {"str": str(value), "repr": repr(value), "steps": run.steps}


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(100_000)
    sys.stdin.reconfigure(encoding="utf-8")
    limits = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        job = json.loads(line)
        tree = ast.fix_missing_locations(Instrument().visit(ast.parse(job["source"])))
        code = compile(tree, "<program>", "exec")
        for arguments in job["inputs"]:
            print(json.dumps(execute(code, job["function"], arguments, limits)))


if __name__ == "__main__":
    threading.stack_size(256 * 1024 * 1024)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
