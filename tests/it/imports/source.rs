//! The sources of a package, and the paths that they name: parsed, each resolved to the module that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// The names of a module, from the root of its crate.
pub(crate) type Names = Vec<String>;

/// A path that a module names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    /// From the root of the crate.
    pub(crate) path: Names,
    /// Set if it is only re-exported by `pub use`.
    pub(crate) passed_on: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Below the package's `src`.
    pub(crate) file: PathBuf,
    named: BTreeSet<Named>,
    /// Paths into other crates.
    pub(crate) foreign: BTreeSet<Names>,
    /// The names in its `use` lines.
    aliases: BTreeMap<String, Names>,
    /// Modules whose names it has all of.
    globs: Vec<Names>,
    children: BTreeSet<String>,
    items: BTreeSet<String>,
    /// Those of its items that are types or traits, without test-only ones.
    pub(crate) types: BTreeSet<String>,
}

/// All modules of a package that are compiled without tests.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) modules: BTreeMap<Names, Module>,
}

impl Sources {
    /// Reads the package whose root is that file.
    pub(crate) fn of(root: &Path) -> Sources {
        let mut sources = Sources::default();
        let folder = root.parent().unwrap();
        sources.add(&fs::read_to_string(root).unwrap(), &Names::new(), root, folder, folder);
        sources.resolve();
        sources
    }

    /// Reads modules from texts, each with its names separated by `::`; the root has none.
    pub(crate) fn from_texts(texts: &[(&str, &str)]) -> Sources {
        let mut sources = Sources::default();
        for (name, text) in texts {
            let names: Names = name.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            let file = PathBuf::from(format!("{}.rs", names.join("/")));
            sources.add(text, &names, &file, Path::new("/nowhere"), Path::new("/nowhere"));
        }
        sources.resolve();
        sources
    }

    fn add(&mut self, text: &str, names: &Names, file: &Path, folder: &Path, src: &Path) {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add_items(&parsed.items, names, file, folder, src);
    }

    fn add_items(&mut self, items: &[Item], names: &Names, file: &Path, folder: &Path, src: &Path) {
        let mut module =
            Module { file: file.strip_prefix(src).unwrap_or(file).to_owned(), ..Module::default() };
        for item in items {
            if let Some(name) = name_of(item) {
                module.items.insert(name);
            }
            module.types.extend(type_name(item));
            if let Item::Mod(child) = item {
                module.children.insert(child.ident.to_string());
            }
        }
        let mut reader = Reader { module: &mut module, names: names.clone() };
        items.iter().for_each(|item| reader.visit_item(item));
        self.modules.insert(names.clone(), module);
        for item in items {
            let Item::Mod(child) = item else { continue };
            if is_test(&child.attrs) {
                continue;
            }
            let name = child.ident.to_string();
            let names = [&names[..], std::slice::from_ref(&name)].concat();
            let below = folder.join(&name);
            match &child.content {
                Some((_, items)) => self.add_items(items, &names, file, &below, src),
                None => {
                    let beside = folder.join(format!("{name}.rs"));
                    let file = if beside.exists() { beside } else { below.join("mod.rs") };
                    if let Ok(text) = fs::read_to_string(&file) {
                        self.add(&text, &names, &file, &below, src);
                    }
                }
            }
        }
    }

    /// Makes every path one from the root of the crate, by way of what is imported and passed on.
    fn resolve(&mut self) {
        let resolved: Vec<(Names, BTreeSet<Named>)> = self
            .modules
            .iter()
            .map(|(names, module)| {
                let named = module
                    .named
                    .iter()
                    .map(|named| Named { path: self.definition(&named.path), passed_on: named.passed_on });
                (names.clone(), named.collect())
            })
            .collect();
        for (names, named) in resolved {
            self.modules.get_mut(&names).unwrap().named = named;
        }
    }

    /// The module that a path leads through last, with the name that it has of the rest.
    fn definition(&self, path: &[String]) -> Names {
        let mut path = path.to_vec();
        // A re-export has few steps; a circle would not compile.
        for _ in 0..16 {
            let length = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]));
            let Some(length) = length else { return path };
            let module = &self.modules[&path[..length]];
            let Some(name) = path.get(length) else { return path };
            if module.items.contains(name) {
                return path;
            }
            let next = module.aliases.get(name).cloned().or_else(|| {
                let globs = module.globs.iter();
                let mut defining = globs.filter(|glob| {
                    let module = self.modules.get(*glob);
                    module.is_some_and(|module| {
                        module.items.contains(name) || module.aliases.contains_key(name)
                    })
                });
                defining.next().map(|glob| [&glob[..], std::slice::from_ref(name)].concat())
            });
            match next {
                Some(next) if next != path[..=length] => path = [&next[..], &path[length + 1..]].concat(),
                _ => return path,
            }
        }
        panic!("{path:?} leads nowhere");
    }

    /// The items of this crate that each module names: the path of the defining module, and the path itself.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (&Names, Names, &Named)> {
        self.modules.iter().flat_map(move |(names, module)| {
            module.named.iter().map(move |named| {
                let length = (0..=named.path.len())
                    .rev()
                    .find(|length| self.modules.contains_key(&named.path[..*length]))
                    .unwrap_or(0);
                (names, named.path[..length].to_vec(), named)
            })
        })
    }
}

/// Returns `true` for a test-only item.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Ok(list) = attribute.meta.require_list() else { return attribute.path().is_ident("test") };
        let text = list.tokens.to_string();
        list.path.is_ident("cfg")
            && (text == "test" || text.starts_with("all (test") || text.starts_with("all(test"))
    })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(ident.to_string())
}

fn type_name(item: &Item) -> Option<String> {
    let (ident, attributes) = match item {
        Item::Enum(item) => (&item.ident, &item.attrs),
        Item::Struct(item) => (&item.ident, &item.attrs),
        Item::Trait(item) => (&item.ident, &item.attrs),
        Item::Type(item) => (&item.ident, &item.attrs),
        Item::Union(item) => (&item.ident, &item.attrs),
        _ => return None,
    };
    (!is_test(attributes)).then(|| ident.to_string())
}

struct Reader<'a> {
    module: &'a mut Module,
    names: Names,
}

impl Reader<'_> {
    /// A path as it is written, from the root of the crate; `None` for another crate's.
    fn absolute(&self, path: &[String]) -> Option<Names> {
        let mut base = match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" | "super" => self.names.clone(),
            first if self.module.children.contains(first) => {
                return Some([&self.names[..], path].concat());
            }
            _ => return None,
        };
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            rest = after;
        }
        Some([&base[..], rest].concat())
    }

    fn name(&mut self, path: &[String], passed_on: bool) {
        match self.absolute(path) {
            Some(path) => drop(self.module.named.insert(Named { path, passed_on })),
            None if path.len() > 1 => drop(self.module.foreign.insert(path.to_vec())),
            None => {}
        }
    }

    fn use_tree(&mut self, tree: &UseTree, before: &[String], passed_on: bool) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.use_tree(&path.tree, &with(path.ident.to_string()), passed_on),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.use_tree(tree, before, passed_on));
            }
            UseTree::Name(name) if name.ident == "self" => {
                self.import(before, before.last().cloned(), passed_on);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.import(&with(name.clone()), Some(name), passed_on);
            }
            UseTree::Rename(rename) => {
                self.import(&with(rename.ident.to_string()), Some(rename.rename.to_string()), passed_on);
            }
            UseTree::Glob(_) => {
                self.name(before, passed_on);
                self.module.globs.extend(self.absolute(before));
            }
        }
    }

    fn import(&mut self, path: &[String], name: Option<String>, passed_on: bool) {
        self.name(path, passed_on);
        if let (Some(path), Some(name)) = (self.absolute(path), name) {
            self.module.aliases.insert(name, path);
        }
    }

    /// Paths inside of a macro's arguments, which no parser but the macro's own understands.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Names = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons < 2 {
                        self.end_of(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end_of(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end_of(&mut path);
    }

    fn end_of(&mut self, path: &mut Names) {
        let path = std::mem::take(path);
        if path.len() > 1 && ["crate", "super", "self"].contains(&path[0].as_str()) {
            self.name(&path, false);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        // Modules are read by themselves.
        if is_test(attributes(item)) || matches!(item, Item::Mod(_)) {
            return;
        }
        visit::visit_item(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_some() {
            return;
        }
        let passed_on = !matches!(item.vis, Visibility::Inherited);
        self.use_tree(&item.tree, &[], passed_on);
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        if let syn::ImplItem::Fn(function) = item
            && is_test(&function.attrs)
        {
            return;
        }
        visit::visit_impl_item(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 && path.leading_colon.is_none() {
            // Through a `use` of its beginning it is known already.
            self.name(&names, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}
