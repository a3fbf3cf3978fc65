//! Visits every statement and expression of a template.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{Call, CallArg, Expr, Stmt};

/// What the walk meets.
pub(crate) enum Node<'n, 'a> {
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

/// What is called for each of them.
type Visit<'v> = dyn FnMut(Node<'_, '_>) + 'v;

/// Calls `visit` for all that is in these statements.
pub(crate) fn walk(stmts: &[Stmt<'_>], visit: &mut Visit<'_>) {
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

/// The value of an argument, however it is passed.
pub(crate) fn value_of<'n, 'a>(arg: &'n CallArg<'a>) -> &'n Expr<'a> {
    match arg {
        CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => e,
    }
}

/// `namespace(…)`.
pub(crate) fn namespace_call<'n, 'a>(expr: &'n Expr<'a>) -> Option<&'n Call<'a>> {
    match expr {
        Expr::Call(call) if matches!(&call.expr, Expr::Var(name) if name.id == "namespace") => {
            Some(call)
        }
        _ => None,
    }
}
