//! What a template may not do, decided before it runs.
//!
//! Fuel bounds the steps of a template and the text that it makes, but it is charged after the fact and by length, so
//! two kinds of bombs pass it: an expression so long that the engine's own recursion overflows the stack, and lists that
//! double by reference (`x = x + x`, `x = [x, x]`), which cost nothing until something prints, compares or joins them.
//! So tags are limited in length, and lists can't grow: a template may not add or repeat them, nor build a list, tuple
//! or map out of anything but text, numbers and flags. What was built by the caller it may slice, filter and walk freely.
//!
//! Whether a value can be a list is decided by name: `messages` is one, and so is every name or attribute to which
//! something that can be a list is assigned anywhere in the template.

use super::template::syntax;
use crate::error::TextError;
use minijinja::machinery::ast::{BinOpKind, Call, CallArg, Expr, Stmt};
use minijinja::machinery::{Span, Token, parse, tokenize};
use minijinja::value::ValueKind;
use std::collections::HashSet;

/// Tokens in one tag; the longest in published templates have below 150.
const MAX_TAG_TOKENS: usize = 1_000;
/// `elif` in one template: the engine nests them.
const MAX_ELIF: usize = 250;
/// Rounds until no further name turns out to hold a list.
const MAX_ROUNDS: usize = 50;

const TEXT_FILTERS: [&str; 22] = [
    "trim",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "string",
    "join",
    "length",
    "count",
    "tojson",
    "int",
    "float",
    "abs",
    "round",
    "bool",
    "indent",
    "escape",
    "e",
    "safe",
    "urlencode",
    "wordcount",
];
const TEXT_METHODS: [&str; 22] = [
    "strip",
    "lstrip",
    "rstrip",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "join",
    "startswith",
    "endswith",
    "count",
    "find",
    "rfind",
    "isalnum",
    "isalpha",
    "isascii",
    "isdigit",
    "islower",
    "isnumeric",
    "isspace",
    "isupper",
];

/// Refuses a template that could exhaust the stack or the memory.
pub(crate) fn audit(source: &str) -> Result<(), TextError> {
    check_lengths(source)?;
    // What does not parse is reported by the engine, with its own words.
    let Ok(Stmt::Template(root)) = parse(source, "<string>", syntax()) else {
        return Ok(());
    };
    let mut lists = Lists::default();
    lists
        .names
        .extend(["messages", "loop", "self", "caller"].map(str::to_owned));
    // Attributes of the engine's own objects that are not text.
    lists
        .attrs
        .extend(["arguments", "previtem", "nextitem"].map(str::to_owned));
    let mut rounds = 0;
    loop {
        let before = lists.size();
        walk(&root.children, &mut |node| lists.learn(&node));
        if lists.size() == before {
            break;
        }
        rounds += 1;
        if rounds > MAX_ROUNDS {
            return Err(refused(
                0,
                "its variables depend on one another in too many steps",
            ));
        }
    }
    let mut found = None;
    walk(&root.children, &mut |node| {
        if found.is_none() {
            found = lists.fault(&node);
        }
    });
    match found {
        Some((span, reason)) => Err(refused(span.start_line as usize, reason)),
        None => Ok(()),
    }
}

fn refused(line: usize, reason: &str) -> TextError {
    TextError::Template {
        line,
        reason: reason.to_owned(),
    }
}

fn check_lengths(source: &str) -> Result<(), TextError> {
    let (mut tokens, mut elifs) = (0, 0);
    for token in tokenize(source, false, syntax()) {
        // A lexical error is reported by the engine.
        let Ok((token, span)) = token else { break };
        tokens += 1;
        match token {
            Token::VariableStart | Token::BlockStart | Token::TemplateData(_) => tokens = 0,
            Token::Ident("elif") => elifs += 1,
            _ => {}
        }
        if tokens > MAX_TAG_TOKENS {
            return Err(refused(
                span.start_line as usize,
                "a tag has more than 1000 tokens",
            ));
        }
        if elifs > MAX_ELIF {
            return Err(refused(
                span.start_line as usize,
                "the template has more than 250 elif tags",
            ));
        }
    }
    Ok(())
}

/// What the walk meets.
enum Node<'n, 'a> {
    Expr(&'n Expr<'a>),
    /// `value` is `None` where text is assigned: captured blocks.
    Assign {
        target: &'n Expr<'a>,
        value: Option<&'n Expr<'a>>,
    },
    Loop {
        target: &'n Expr<'a>,
        iter: &'n Expr<'a>,
    },
    Macro {
        name: &'n str,
        params: &'n [Expr<'a>],
    },
    Forbidden(Span, &'static str),
}

#[derive(Default)]
struct Lists {
    /// Names and attributes that can hold a list or a map.
    names: HashSet<String>,
    attrs: HashSet<String>,
    /// Names of namespaces: used for their attributes only, so that none can hold another or itself.
    namespaces: HashSet<String>,
    /// Macros give text.
    macros: HashSet<String>,
}

impl Lists {
    fn size(&self) -> usize {
        self.names.len() + self.attrs.len() + self.namespaces.len() + self.macros.len()
    }

    fn learn(&mut self, node: &Node<'_, '_>) {
        match node {
            Node::Assign {
                target: Expr::Var(name),
                value: Some(value),
            } if namespace_call(value).is_some() => {
                self.namespaces.insert(name.id.to_owned());
            }
            Node::Assign {
                target,
                value: Some(value),
            } if !self.is_text(value) => self.taint(target),
            Node::Loop { target, iter } if !self.yields_text(iter) => self.taint(target),
            Node::Macro { name, params } => {
                self.macros.insert((*name).to_owned());
                params.iter().for_each(|param| self.taint(param));
            }
            Node::Expr(expr) => {
                for arg in namespace_call(expr).map_or(&[][..], |call| &call.args) {
                    match arg {
                        CallArg::Kwarg(name, value) if !self.is_text(value) => {
                            self.attrs.insert((*name).to_owned());
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn taint(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => {
                self.names.insert(name.id.to_owned());
            }
            Expr::GetAttr(attr) => {
                self.attrs.insert(attr.name.to_owned());
            }
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.taint(item)),
            Expr::List(list) => list.items.iter().for_each(|item| self.taint(item)),
            _ => {}
        }
    }

    /// Whether the value is text, a number, a flag or nothing: certainly no list or map.
    fn is_text(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Const(constant) => !is_container(constant.value.kind()),
            Expr::Var(name) => !self.names.contains(name.id) && !self.namespaces.contains(name.id),
            Expr::GetAttr(attr) => !self.attrs.contains(attr.name),
            Expr::GetItem(item) => match &item.subscript_expr {
                Expr::Const(key) if key.value.as_str().is_some() => {
                    !self.attrs.contains(key.value.as_str().unwrap_or_default())
                }
                _ => self.yields_text(&item.expr),
            },
            Expr::Slice(slice) => self.is_text(&slice.expr),
            Expr::BinOp(op) => match op.op {
                BinOpKind::ScAnd | BinOpKind::ScOr => self.is_text(&op.left) && self.is_text(&op.right),
                // `fault` has made sure that nothing but text and numbers is added or multiplied.
                _ => true,
            },
            Expr::UnaryOp(_) | Expr::Compare(_) | Expr::Test(_) => true,
            Expr::IfExpr(choice) => {
                self.is_text(&choice.true_expr) && choice.false_expr.as_ref().is_none_or(|e| self.is_text(e))
            }
            Expr::Filter(filter) => {
                let passes_on = matches!(filter.name, "default" | "d")
                    && filter.expr.as_ref().is_some_and(|e| self.is_text(e))
                    && filter.args.iter().all(|arg| self.is_text(value_of(arg)));
                passes_on || self.is_made_text(expr) || self.is_item(filter)
            }
            Expr::Call(call) => match &call.expr {
                Expr::GetAttr(method) if method.name == "get" => call.args.iter().all(|arg| {
                    let value = value_of(arg);
                    let tainted = matches!(value, Expr::Const(c) if c.value.as_str().is_some_and(|k| self.attrs.contains(k)));
                    self.is_text(value) && !tainted
                }),
                _ => self.is_made_text(expr),
            },
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => false,
        }
    }

    /// `first` and `last` of something whose items are text.
    fn is_item(&self, filter: &minijinja::machinery::ast::Filter<'_>) -> bool {
        matches!(filter.name, "first" | "last")
            && filter.expr.as_ref().is_some_and(|e| self.yields_text(e))
    }

    /// Whether the expression *makes* text or a number, whatever it is given: adding a list to it is an error.
    fn is_made_text(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Const(constant) => !is_container(constant.value.kind()),
            Expr::BinOp(op) => match op.op {
                BinOpKind::Add => self.is_made_text(&op.left) || self.is_made_text(&op.right),
                BinOpKind::ScAnd | BinOpKind::ScOr | BinOpKind::Mul => false,
                _ => true,
            },
            Expr::Filter(filter) => TEXT_FILTERS.contains(&filter.name),
            Expr::Call(call) => match &call.expr {
                Expr::GetAttr(method) => TEXT_METHODS.contains(&method.name),
                Expr::Var(name) => self.macros.contains(name.id) || name.id == "caller",
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the items of the value are text: the characters of a text, the parts of a split, a range.
    fn yields_text(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::Call(call) => match &call.expr {
                Expr::GetAttr(method) => {
                    matches!(method.name, "split" | "splitlines") || self.is_text(expr)
                }
                Expr::Var(name) => name.id == "range" || self.is_text(expr),
                _ => false,
            },
            Expr::Filter(filter) if matches!(filter.name, "split" | "lines") => true,
            Expr::List(list) => list.items.iter().all(|item| self.is_text(item)),
            Expr::Tuple(tuple) => tuple.items.iter().all(|item| self.is_text(item)),
            Expr::Slice(slice) => self.yields_text(&slice.expr),
            Expr::Const(_) => self.is_text(expr),
            _ => self.is_text(expr),
        }
    }

    fn fault(&self, node: &Node<'_, '_>) -> Option<(Span, &'static str)> {
        const BUILDS: &str = "it builds a list or map out of something that may be a list or map";
        let expr = match node {
            Node::Expr(expr) => *expr,
            Node::Forbidden(span, reason) => return Some((*span, reason)),
            _ => return None,
        };
        let fault = match expr {
            Expr::Var(name) if self.namespaces.contains(name.id) || name.id == "namespace" => {
                "a namespace is used other than for its attributes"
            }
            Expr::BinOp(op) => {
                let both = self.is_text(&op.left) && self.is_text(&op.right);
                let one = self.is_made_text(&op.left) || self.is_made_text(&op.right);
                match op.op {
                    BinOpKind::Add if !both && !one => "it adds what may be lists",
                    BinOpKind::Mul if !both => "it multiplies what may be a list",
                    _ => return None,
                }
            }
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) if !self.is_fixed(expr) => BUILDS,
            Expr::Filter(filter) if !filter.args.iter().all(|arg| self.is_fixed(value_of(arg))) => {
                "it gives a filter what may be a list"
            }
            Expr::Test(test) if !test.args.iter().all(|arg| self.is_fixed(value_of(arg))) => {
                "it gives a test what may be a list"
            }
            _ => return None,
        };
        Some((expr.span(), fault))
    }

    /// Text, or a list that stands there in full, of text and of such lists: as large as its source, and no larger.
    fn is_fixed(&self, expr: &Expr<'_>) -> bool {
        match expr {
            Expr::List(list) => list.items.iter().all(|item| self.is_fixed(item)),
            Expr::Tuple(tuple) => tuple.items.iter().all(|item| self.is_fixed(item)),
            Expr::Map(map) => {
                map.keys.iter().all(|key| self.is_text(key))
                    && map.values.iter().all(|value| self.is_fixed(value))
            }
            _ => self.is_text(expr),
        }
    }
}

fn is_container(kind: ValueKind) -> bool {
    matches!(
        kind,
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Plain
    )
}

fn value_of<'n, 'a>(arg: &'n CallArg<'a>) -> &'n Expr<'a> {
    match arg {
        CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => e,
    }
}

fn namespace_call<'n, 'a>(expr: &'n Expr<'a>) -> Option<&'n Call<'a>> {
    match expr {
        Expr::Call(call) if matches!(&call.expr, Expr::Var(name) if name.id == "namespace") => {
            Some(call)
        }
        _ => None,
    }
}

type Visit<'v> = dyn FnMut(Node<'_, '_>) + 'v;

fn walk(stmts: &[Stmt<'_>], visit: &mut Visit<'_>) {
    for stmt in stmts {
        match stmt {
            Stmt::Template(s) => walk(&s.children, visit),
            Stmt::EmitExpr(s) => walk_expr(&s.expr, visit),
            Stmt::EmitRaw(_) | Stmt::Continue(_) | Stmt::Break(_) => {}
            Stmt::ForLoop(s) => {
                visit(Node::Loop {
                    target: &s.target,
                    iter: &s.iter,
                });
                walk_expr(&s.iter, visit);
                s.filter_expr.iter().for_each(|e| walk_expr(e, visit));
                walk(&s.body, visit);
                walk(&s.else_body, visit);
            }
            Stmt::IfCond(s) => {
                walk_expr(&s.expr, visit);
                walk(&s.true_body, visit);
                walk(&s.false_body, visit);
            }
            Stmt::WithBlock(s) => {
                s.assignments
                    .iter()
                    .for_each(|(target, value)| walk_assign(target, value, visit));
                walk(&s.body, visit);
            }
            Stmt::Set(s) => walk_assign(&s.target, &s.expr, visit),
            Stmt::SetBlock(s) => {
                visit(Node::Assign {
                    target: &s.target,
                    value: s.filter.as_ref(),
                });
                s.filter.iter().for_each(|e| walk_expr(e, visit));
                walk(&s.body, visit);
            }
            Stmt::AutoEscape(s) => {
                walk_expr(&s.enabled, visit);
                walk(&s.body, visit);
            }
            Stmt::FilterBlock(s) => {
                walk_expr(&s.filter, visit);
                walk(&s.body, visit);
            }
            Stmt::Macro(s) => {
                visit(Node::Macro {
                    name: s.name,
                    params: &s.args,
                });
                s.defaults.iter().for_each(|e| walk_expr(e, visit));
                walk(&s.body, visit);
            }
            Stmt::CallBlock(s) => {
                walk_call(&s.call, visit);
                visit(Node::Macro {
                    name: s.macro_decl.name,
                    params: &s.macro_decl.args,
                });
                s.macro_decl
                    .defaults
                    .iter()
                    .for_each(|e| walk_expr(e, visit));
                walk(&s.macro_decl.body, visit);
            }
            Stmt::Do(s) => walk_call(&s.call, visit),
            Stmt::Block(s) => visit(Node::Forbidden(
                s.span(),
                "block is not supported: a template stands alone",
            )),
            Stmt::Import(s) => visit(Node::Forbidden(
                s.span(),
                "import is not supported: a template stands alone",
            )),
            Stmt::FromImport(s) => visit(Node::Forbidden(
                s.span(),
                "import is not supported: a template stands alone",
            )),
            Stmt::Extends(s) => visit(Node::Forbidden(
                s.span(),
                "extends is not supported: a template stands alone",
            )),
            Stmt::Include(s) => visit(Node::Forbidden(
                s.span(),
                "include is not supported: a template stands alone",
            )),
        }
    }
}

fn walk_assign(target: &Expr<'_>, value: &Expr<'_>, visit: &mut Visit<'_>) {
    match (target, value) {
        // `a, b = 1, 2`: the tuples are not values.
        (Expr::Tuple(targets), Expr::Tuple(values))
            if targets.items.len() == values.items.len() =>
        {
            targets
                .items
                .iter()
                .zip(&values.items)
                .for_each(|(target, value)| walk_assign(target, value, visit));
        }
        (Expr::Var(_), value) if namespace_call(value).is_some() => {
            visit(Node::Assign {
                target,
                value: Some(value),
            });
            // The call is learnt from, but its name is not a value here.
            visit(Node::Expr(value));
            namespace_call(value)
                .iter()
                .for_each(|call| walk_args(&call.args, visit));
        }
        _ => {
            visit(Node::Assign {
                target,
                value: Some(value),
            });
            walk_expr(value, visit);
        }
    }
}

fn walk_call(call: &Call<'_>, visit: &mut Visit<'_>) {
    walk_expr(&call.expr, visit);
    walk_args(&call.args, visit);
}

fn walk_args(args: &[CallArg<'_>], visit: &mut Visit<'_>) {
    args.iter().for_each(|arg| walk_expr(value_of(arg), visit));
}

fn walk_expr(expr: &Expr<'_>, visit: &mut Visit<'_>) {
    visit(Node::Expr(expr));
    match expr {
        Expr::Var(_) | Expr::Const(_) => {}
        Expr::Slice(e) => {
            walk_expr(&e.expr, visit);
            [&e.start, &e.stop, &e.step]
                .into_iter()
                .flatten()
                .for_each(|e| walk_expr(e, visit));
        }
        Expr::UnaryOp(e) => walk_expr(&e.expr, visit),
        Expr::BinOp(e) => {
            walk_expr(&e.left, visit);
            walk_expr(&e.right, visit);
        }
        Expr::Compare(e) => {
            walk_expr(&e.expr, visit);
            e.ops.iter().for_each(|op| walk_expr(&op.expr, visit));
        }
        Expr::IfExpr(e) => {
            walk_expr(&e.test_expr, visit);
            walk_expr(&e.true_expr, visit);
            e.false_expr.iter().for_each(|e| walk_expr(e, visit));
        }
        Expr::Filter(e) => {
            e.expr.iter().for_each(|e| walk_expr(e, visit));
            walk_args(&e.args, visit);
        }
        Expr::Test(e) => {
            walk_expr(&e.expr, visit);
            walk_args(&e.args, visit);
        }
        // The attribute of a name is the one use that a namespace has.
        Expr::GetAttr(e) if matches!(e.expr, Expr::Var(_)) => {}
        Expr::GetAttr(e) => walk_expr(&e.expr, visit),
        Expr::GetItem(e) => {
            walk_expr(&e.expr, visit);
            walk_expr(&e.subscript_expr, visit);
        }
        Expr::Call(call) => walk_call(call, visit),
        Expr::List(e) => e.items.iter().for_each(|e| walk_expr(e, visit)),
        Expr::Tuple(e) => e.items.iter().for_each(|e| walk_expr(e, visit)),
        Expr::Map(e) => e
            .keys
            .iter()
            .chain(&e.values)
            .for_each(|e| walk_expr(e, visit)),
    }
}
