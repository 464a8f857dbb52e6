//! Product names of AMD GPUs, for machines without libdrm's `amdgpu.ids`.
//!
//! One PCI device id is often shared by several products, and only the revision distinguishes them. For an unknown
//! revision, the name of the family is used, never that of its largest model.

/// The products with one PCI device id.
pub(super) struct Product {
    device: u16,
    /// The name of the family.
    family: &'static str,
    /// The models, each with its revisions. Empty if the id has only one model.
    models: &'static [(&'static str, &'static [u8])],
}

/// A name, and `true` if it is of one model rather than of a family.
pub(super) fn find(device: u16, revision: Option<u8>) -> Option<(&'static str, bool)> {
    let place = PRODUCTS.binary_search_by_key(&device, |product| product.device).ok()?;
    let product = PRODUCTS.get(place)?;
    let model =
        product.models.iter().find(|(_, revisions)| revision.is_some_and(|one| revisions.contains(&one)));
    Some(model.map_or((product.family, product.models.is_empty()), |(name, _)| (name, true)))
}

/// An id with one model, whatever its revision.
const fn one(device: u16, name: &'static str) -> Product {
    Product { device, family: name, models: &[] }
}

/// An id with several models.
const fn several(
    device: u16,
    family: &'static str,
    models: &'static [(&'static str, &'static [u8])],
) -> Product {
    Product { device, family, models }
}

/// Sorted by device id.
#[rustfmt::skip]
static PRODUCTS: &[Product] = &[
    // APUs: Krackan, Van Gogh, Mendocino, Strix, Strix Halo, Phoenix, Picasso, Raven, …
    several(0x1114, "AMD Radeon Graphics (Krackan)", &[
        ("AMD Radeon 860M Graphics", &[0xc2, 0xd2, 0xe2, 0xe4, 0xe9, 0xed, 0xf2, 0xf9, 0xfc]),
        ("AMD Radeon 840M Graphics", &[0xc3, 0xd3, 0xe5, 0xea, 0xee, 0xf3, 0xfa, 0xfd]),
    ]),
    one(0x13c0, "AMD Radeon Graphics (Granite Ridge)"),
    one(0x13fe, "AMD BC-250 (Cyan Skillfish)"),
    one(0x1435, "AMD Custom GPU 0932 (Van Gogh)"),
    one(0x1506, "AMD Radeon 610M"),
    several(0x150e, "AMD Radeon Graphics (Strix)", &[
        ("AMD Radeon 890M Graphics",
            &[0xc1, 0xc5, 0xc6, 0xc7, 0xd1, 0xd3, 0xe1, 0xe3, 0xe4, 0xf1, 0xf3]),
        ("AMD Radeon 880M Graphics", &[0xc4, 0xd2]),
    ]),
    several(0x1586, "AMD Radeon Graphics (Strix Halo)", &[
        ("AMD Radeon 8060S Graphics", &[0xc1, 0xc3, 0xc6, 0xd1]),
        ("AMD Radeon 8050S Graphics", &[0xc2, 0xc4, 0xd2, 0xd4]),
        ("AMD Radeon 8040S Graphics", &[0xd5]),
    ]),
    several(0x15bf, "AMD Radeon 700M Graphics (Phoenix)", &[
        ("AMD Radeon 780M Graphics", &[
            0x00, 0x02, 0x06, 0xc1, 0xc2, 0xc4, 0xc6, 0xc7, 0xc9, 0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd7, 0xd9,
            0xda, 0xdd,
        ]),
        ("AMD Radeon 760M Graphics",
            &[0x01, 0x03, 0x05, 0xc3, 0xc8, 0xcb, 0xcd, 0xd5, 0xd6, 0xdb, 0xdc, 0xdf, 0xf0]),
        ("AMD Radeon 740M Graphics", &[0x07, 0x08, 0xc5, 0xca, 0xcc, 0xce, 0xd8, 0xde]),
    ]),
    one(0x15c8, "AMD Radeon 740M Graphics"),
    several(0x15d8, "AMD Radeon Vega Graphics (Picasso)", &[
        ("AMD Radeon Vega 11 Graphics", &[0xc8, 0xca, 0xd8, 0xda]),
        ("AMD Radeon Vega 10 Graphics", &[0xa1, 0xb1, 0xc1, 0xd1]),
        ("AMD Radeon Vega 8 Graphics", &[0xa2, 0xb2, 0xc2, 0xc9, 0xcb, 0xd2, 0xd9]),
        ("AMD Radeon Vega 6 Graphics", &[0xa3, 0xb3, 0xc3, 0xd3]),
        ("AMD Radeon Vega 3 Graphics",
            &[0xa4, 0xb4, 0xc4, 0xc5, 0xcc, 0xce, 0xd4, 0xdc, 0xdd, 0xde, 0xdf, 0xe3]),
    ]),
    several(0x15dd, "AMD Radeon Vega Graphics (Raven Ridge)", &[
        ("AMD Radeon Vega 11 Graphics", &[0x86, 0xc1, 0xc6, 0xc9, 0xd3, 0xd6]),
        ("AMD Radeon Vega 10 Graphics", &[0xd0]),
        ("AMD Radeon Vega 8 Graphics", &[0x88, 0xc2, 0xc4, 0xc8, 0xca, 0xd1, 0xd5, 0xd7]),
        ("AMD Radeon Vega 6 Graphics", &[0x84, 0xcc, 0xd9]),
        ("AMD Radeon Vega 3 Graphics", &[0xc5, 0xcb, 0xce, 0xcf, 0xd8, 0xe1, 0xe2]),
    ]),
    one(0x15e7, "AMD Radeon Graphics (Barcelo)"),
    one(0x1636, "AMD Radeon Graphics (Renoir)"),
    one(0x1638, "AMD Radeon Graphics (Cezanne)"),
    one(0x163f, "AMD Custom GPU 0405 (Van Gogh)"),
    one(0x164c, "AMD Radeon Graphics (Lucienne)"),
    one(0x164d, "AMD Radeon Graphics (Rembrandt)"),
    one(0x164e, "AMD Radeon 610M"),
    several(0x1681, "AMD Radeon 600M Graphics (Rembrandt)", &[
        ("AMD Radeon 680M", &[0x06, 0x0a, 0xc7, 0xc8]),
        ("AMD Radeon 660M", &[0x07, 0x0b, 0xc9]),
    ]),
    several(0x1900, "AMD Radeon 700M Graphics (Hawk Point)", &[
        ("AMD Radeon 780M Graphics", &[
            0x01, 0x03, 0x05, 0x06, 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb9, 0xba, 0xbb, 0xc0, 0xc2, 0xc4,
            0xc5, 0xc7, 0xc9, 0xcb, 0xcc, 0xce, 0xd0, 0xd2, 0xd4, 0xd5, 0xd7, 0xd9, 0xdb, 0xdc, 0xde, 0xf0, 0xf1,
            0xf2,
        ]),
        ("AMD Radeon 760M Graphics", &[
            0x02, 0x04, 0x07, 0xb7, 0xb8, 0xc1, 0xc3, 0xc6, 0xc8, 0xca, 0xcd, 0xcf, 0xd1, 0xd3, 0xd6, 0xd8, 0xda,
            0xdd, 0xdf,
        ]),
    ]),
    one(0x1901, "AMD Radeon 740M Graphics"),
    several(0x1902, "AMD Radeon 800M Graphics (Krackan 2)", &[
        ("AMD Radeon 840M Graphics", &[0xc0, 0xc1, 0xc3, 0xc7, 0xc8, 0xca, 0xd1, 0xd3, 0xd7, 0xd8]),
        ("AMD Radeon 820M Graphics", &[0xc2, 0xc6, 0xc9]),
    ]),

    // Vega 20 and its cards.
    several(0x66a1, "AMD Radeon Instinct (Vega 20)", &[
        ("AMD Instinct MI60/MI50", &[0x02]),
        ("AMD Radeon PRO VII", &[0x06]),
    ]),
    one(0x66a3, "AMD Radeon PRO Vega II"),
    one(0x66af, "AMD Radeon VII"),

    // Polaris and Vega 10.
    several(0x67c4, "AMD Radeon PRO (Ellesmere)", &[
        ("AMD Radeon PRO WX 7100", &[0x00]),
        ("AMD Radeon E9560/E9565", &[0x80]),
    ]),
    several(0x67c7, "AMD Radeon PRO (Ellesmere)", &[
        ("AMD Radeon PRO WX 5100", &[0x00]),
        ("AMD Radeon E9390", &[0x80]),
    ]),
    several(0x67df, "AMD Radeon RX 400/500 Series (Ellesmere)", &[
        ("AMD Radeon RX 590 Series", &[0xe1]),
        ("AMD Radeon RX 580 Series", &[0xc1, 0xc3, 0xe7]),
        ("AMD Radeon RX 570 Series", &[0xc2, 0xc6, 0xef]),
        ("AMD Radeon RX 480", &[0xc4, 0xc7]),
        ("AMD Radeon RX 470", &[0xc5, 0xcf, 0xd7, 0xe0, 0xff]),
        ("AMD Radeon PRO 580X", &[0xc0, 0xeb]),
    ]),
    one(0x67e3, "AMD Radeon PRO WX 4100"),
    several(0x67ef, "AMD Radeon RX 400/500 Series (Baffin)", &[
        ("AMD Radeon RX 560 Series", &[0xe0, 0xe5, 0xe7]),
        ("AMD Radeon RX 560X", &[0xe2]),
        ("AMD Radeon RX 460", &[0xc1, 0xc5, 0xcf, 0xff]),
        ("AMD Radeon 550 Series", &[0xef]),
    ]),
    several(0x67ff, "AMD Radeon RX 500 Series (Baffin)", &[
        ("AMD Radeon PRO 465", &[0xc0]),
        ("AMD Radeon RX 560 Series", &[0xc1, 0xcf, 0xef]),
        ("AMD Radeon RX 550 Series", &[0xff]),
    ]),
    several(0x6860, "AMD Radeon Instinct (Vega 10)", &[
        ("AMD Radeon Instinct MI25", &[0x00, 0x01, 0x02]),
        ("AMD Radeon Instinct MI25x2", &[0x04]),
        ("AMD Radeon PRO V340", &[0x03]),
        ("AMD Radeon PRO V320", &[0x07]),
    ]),
    one(0x6861, "AMD Radeon PRO WX 9100"),
    one(0x6863, "AMD Radeon Vega Frontier Edition"),
    one(0x6868, "AMD Radeon PRO WX 8200"),
    one(0x687f, "AMD Radeon RX Vega"),
    one(0x694c, "AMD Radeon RX Vega M GH Graphics"),
    one(0x694e, "AMD Radeon RX Vega M GL Graphics"),
    one(0x6981, "AMD Radeon PRO WX 3200"),
    several(0x6987, "AMD Radeon 500 Series (Lexa)", &[
        ("AMD Radeon 550X Series", &[0xc0]),
        ("AMD Radeon RX 640", &[0xc1]),
        ("AMD Radeon 540X Series", &[0xc3]),
        ("AMD Radeon 540", &[0xc7]),
    ]),
    several(0x699f, "AMD Radeon 500 Series (Lexa)", &[
        ("AMD Radeon 540 Series", &[0xc1, 0xc9]),
        ("AMD Radeon RX 550 Series", &[0xc7]),
    ]),
    several(0x6fdf, "AMD Radeon RX 500 Series (Polaris 20)", &[
        ("AMD Radeon RX 590 GME", &[0xe7]),
        ("AMD Radeon RX 580 2048SP", &[0xef]),
    ]),

    // RDNA 1: Navi 10, 14 and 12.
    one(0x7310, "AMD Radeon PRO W5700X"),
    one(0x7312, "AMD Radeon PRO W5700"),
    one(0x7319, "AMD Radeon PRO 5700 XT"),
    one(0x731b, "AMD Radeon PRO 5700"),
    several(0x731e, "AMD Radeon RX 5700 Series (Navi 10)", &[
        ("AMD Radeon RX 5700XTB", &[0xc6]),
        ("AMD Radeon RX 5700B", &[0xc7]),
    ]),
    several(0x731f, "AMD Radeon RX 5000 Series (Navi 10)", &[
        ("AMD Radeon RX 5700 XT 50th Anniversary", &[0xc0]),
        ("AMD Radeon RX 5700 XT", &[0xc1, 0xc5]),
        ("AMD Radeon RX 5700M", &[0xc3]),
        ("AMD Radeon RX 5700", &[0xc4]),
        ("AMD Radeon RX 5600M", &[0xc2]),
        ("AMD Radeon RX 5600 XT", &[0xca]),
        ("AMD Radeon RX 5600 OEM", &[0xcb]),
    ]),
    several(0x7340, "AMD Radeon RX 5000 Series (Navi 14)", &[
        ("AMD Radeon RX 5500 XT", &[0xc5]),
        ("AMD Radeon RX 5500XTB", &[0xc9]),
        ("AMD Radeon RX 5500", &[0xc7]),
        ("AMD Radeon RX 5500M", &[0xc1]),
        ("AMD Radeon RX 5300", &[0xcf]),
        ("AMD Radeon RX 5300M", &[0xc3]),
    ]),
    one(0x7341, "AMD Radeon PRO W5500"),
    one(0x7347, "AMD Radeon PRO W5500M"),
    one(0x734f, "AMD Radeon PRO W5300M"),
    several(0x7360, "AMD Radeon PRO (Navi 12)", &[
        ("AMD Radeon PRO 5600M", &[0x41]),
        ("AMD Radeon PRO V520", &[0xc3]),
    ]),
    several(0x7362, "AMD Radeon PRO V500 Series (Navi 12)", &[
        ("AMD Radeon PRO V540", &[0xc1]),
        ("AMD Radeon PRO V520", &[0xc3]),
    ]),

    one(0x738c, "AMD Instinct MI100"),
    one(0x738e, "AMD Instinct MI100"),

    // RDNA 2: Navi 21, 22, 23.
    one(0x73a1, "AMD Radeon PRO V620"),
    one(0x73a2, "AMD Radeon PRO W6900X"),
    one(0x73a3, "AMD Radeon PRO W6800"),
    one(0x73a5, "AMD Radeon RX 6950 XT"),
    one(0x73ab, "AMD Radeon PRO W6800X"),
    one(0x73ae, "AMD Radeon PRO V620 VF"),
    one(0x73af, "AMD Radeon RX 6900 XT"),
    several(0x73bf, "AMD Radeon RX 6800/6900 Series (Navi 21)", &[
        ("AMD Radeon RX 6900 XT", &[0xc0]),
        ("AMD Radeon RX 6800 XT", &[0xc1]),
        ("AMD Radeon RX 6800", &[0xc3]),
    ]),
    several(0x73df, "AMD Radeon RX 6700/6800M Series (Navi 22)", &[
        ("AMD Radeon RX 6800M", &[0xc2, 0xc3]),
        ("AMD Radeon RX 6750 XT", &[0xc0]),
        ("AMD Radeon RX 6750 GRE 12GB", &[0xd5, 0xe5]),
        ("AMD Radeon RX 6700 XT", &[0xc1, 0xc5]),
        ("AMD Radeon RX 6700", &[0xdf, 0xff]),
        ("AMD Radeon RX 6700M", &[0xcf]),
    ]),
    one(0x73e0, "AMD Radeon RX 6600M"),
    one(0x73e1, "AMD Radeon PRO W6600M"),
    one(0x73e3, "AMD Radeon PRO W6600"),
    several(0x73ef, "AMD Radeon RX 6000 Series (Navi 23)", &[
        ("AMD Radeon RX 6800S", &[0xc0]),
        ("AMD Radeon RX 6700S", &[0xc2]),
        ("AMD Radeon RX 6650 XT", &[0xc1]),
        ("AMD Radeon RX 6650M", &[0xc3]),
        ("AMD Radeon RX 6650M XT", &[0xc4]),
    ]),
    several(0x73ff, "AMD Radeon RX 6000 Series (Navi 23)", &[
        ("AMD Radeon RX 6750 GRE 10GB", &[0xdf]),
        ("AMD Radeon RX 6600 XT", &[0xc1]),
        ("AMD Radeon RX 6600", &[0xc7]),
        ("AMD Radeon RX 6600 LE", &[0xcf]),
        ("AMD Radeon RX 6600M", &[0xc3]),
        ("AMD Radeon RX 6600S", &[0xcb]),
    ]),

    // MI200 and its cards.
    one(0x7408, "AMD Instinct MI250X"),
    one(0x740c, "AMD Instinct MI250X/MI250"),
    one(0x740f, "AMD Instinct MI210"),
    one(0x7410, "AMD Instinct MI200 VF"),

    // RDNA 2: Navi 24.
    one(0x7421, "AMD Radeon PRO W6500M"),
    one(0x7422, "AMD Radeon PRO W6400"),
    several(0x7423, "AMD Radeon PRO W6300 Series (Navi 24)", &[
        ("AMD Radeon PRO W6300M", &[0x00]),
        ("AMD Radeon PRO W6300", &[0x01]),
    ]),
    one(0x7424, "AMD Radeon RX 6300"),
    several(0x743f, "AMD Radeon RX 6000 Series (Navi 24)", &[
        ("AMD Radeon RX 6550M", &[0xd3]),
        ("AMD Radeon 6550S", &[0xcc]),
        ("AMD Radeon RX 6500 XT", &[0xc1]),
        ("AMD Radeon RX 6500M", &[0xc3, 0xc8]),
        ("AMD Radeon RX 6450M", &[0xce]),
        ("AMD Radeon RX 6400", &[0xc7, 0xd7]),
        ("AMD Radeon RX 6300M", &[0xcf]),
    ]),

    // RDNA 3: Navi 31, 32, 33.
    one(0x7448, "AMD Radeon PRO W7900"),
    one(0x7449, "AMD Radeon PRO W7800 48GB"),
    one(0x744a, "AMD Radeon PRO W7900 Dual Slot"),
    one(0x744b, "AMD Radeon PRO W7900D"),
    several(0x744c, "AMD Radeon RX 7900 Series (Navi 31)", &[
        ("AMD Radeon RX 7900 XTX", &[0xc8]),
        ("AMD Radeon RX 7900 XT", &[0xcc]),
        ("AMD Radeon RX 7900 GRE", &[0xce]),
        ("AMD Radeon RX 7900M", &[0xcf]),
    ]),
    one(0x745e, "AMD Radeon PRO W7800"),
    one(0x7460, "AMD Radeon PRO V710"),
    one(0x7461, "AMD Radeon PRO V710 VF"),
    one(0x7470, "AMD Radeon PRO W7700"),
    several(0x747e, "AMD Radeon RX 7700/7800 Series (Navi 32)", &[
        ("AMD Radeon RX 7800 XT", &[0xc8]),
        ("AMD Radeon RX 7800M", &[0xd8]),
        ("AMD Radeon RX 7700 XT", &[0xff]),
        ("AMD Radeon RX 7700", &[0xdb]),
    ]),
    several(0x7480, "AMD Radeon RX 7600/7700 Series (Navi 33)", &[
        ("AMD Radeon RX 7700S", &[0xc1]),
        ("AMD Radeon RX 7650 GRE", &[0xc2]),
        ("AMD Radeon RX 7600 XT", &[0xc0]),
        ("AMD Radeon RX 7600", &[0xcf]),
        ("AMD Radeon RX 7600M XT", &[0xc7]),
        ("AMD Radeon RX 7600S", &[0xc3]),
        ("AMD Radeon PRO W7600", &[0x00]),
    ]),
    one(0x7481, "AMD Radeon Graphics (Navi 33, Steam Machine)"),
    several(0x7483, "AMD Radeon RX 7600M Series (Navi 33)", &[("AMD Radeon RX 7600M", &[0xcf])]),
    one(0x7489, "AMD Radeon PRO W7500"),
    several(0x7499, "AMD Radeon RX 7000 Series (Navi 33)", &[
        ("AMD Radeon RX 7400", &[0xc0]),
        ("AMD Radeon RX 7300", &[0xc1]),
        ("AMD Radeon PRO W7400", &[0x00]),
    ]),

    // MI300 and its virtual functions.
    one(0x74a0, "AMD Instinct MI300A"),
    one(0x74a1, "AMD Instinct MI300X"),
    one(0x74a2, "AMD Instinct MI308X"),
    one(0x74a5, "AMD Instinct MI325X"),
    one(0x74a8, "AMD Instinct MI308X HF"),
    one(0x74a9, "AMD Instinct MI300X HF"),
    one(0x74b5, "AMD Instinct MI300X VF"),
    one(0x74b6, "AMD Instinct MI308X VF"),
    one(0x74b9, "AMD Instinct MI325X VF"),
    one(0x74bc, "AMD Instinct MI308X HF VF"),
    one(0x74bd, "AMD Instinct MI300X HF VF"),

    // RDNA 4: Navi 48 and 44.
    several(0x7550, "AMD Radeon RX 9070 Series (Navi 48)", &[
        ("AMD Radeon RX 9070 XT", &[0xc0]),
        ("AMD Radeon RX 9070 GRE", &[0xc2]),
        ("AMD Radeon RX 9070", &[0xc3]),
    ]),
    several(0x7551, "AMD Radeon AI PRO R9000 Series (Navi 48)", &[
        ("AMD Radeon AI PRO R9700", &[0xc0]),
        ("AMD Radeon AI PRO R9600D", &[0xc8]),
    ]),
    several(0x7590, "AMD Radeon RX 9060 Series (Navi 44)", &[
        ("AMD Radeon RX 9060 XT", &[0xc0]),
        ("AMD Radeon RX 9060 XT LP", &[0xc1]),
        ("AMD Radeon RX 9060", &[0xc7]),
    ]),

    // MI350 and its virtual functions.
    one(0x75a0, "AMD Instinct MI350X"),
    one(0x75a3, "AMD Instinct MI355X"),
    one(0x75b0, "AMD Instinct MI350X VF"),
    one(0x75b3, "AMD Instinct MI355X VF"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(device: u16, revision: u8) -> &'static str {
        find(device, Some(revision)).unwrap().0
    }

    #[test]
    fn is_sorted_and_without_doubles() {
        assert!(PRODUCTS.windows(2).all(|pair| pair[0].device < pair[1].device));
        for product in PRODUCTS {
            let mut revisions: Vec<u8> =
                product.models.iter().flat_map(|(_, revisions)| revisions.iter().copied()).collect();
            let count = revisions.len();
            revisions.sort_unstable();
            revisions.dedup();
            assert_eq!(revisions.len(), count, "{:04x} has a revision twice", product.device);
            assert!(product.models.iter().all(|(_, revisions)| !revisions.is_empty()));
            assert!(product.family.starts_with("AMD "), "{}", product.family);
            assert!(
                product.models.iter().all(|(name, _)| name.starts_with("AMD ")),
                "{:04x}",
                product.device
            );
        }
    }

    #[test]
    fn the_revision_tells_the_model() {
        assert_eq!(name(0x744c, 0xc8), "AMD Radeon RX 7900 XTX");
        assert_eq!(name(0x1586, 0xc1), "AMD Radeon 8060S Graphics");
        assert_eq!(name(0x1586, 0xc2), "AMD Radeon 8050S Graphics");
        assert_eq!(name(0x1586, 0xd5), "AMD Radeon 8040S Graphics");
        assert_eq!(name(0x150e, 0xc4), "AMD Radeon 880M Graphics");
        assert_eq!(name(0x15bf, 0x03), "AMD Radeon 760M Graphics");
        assert_eq!(name(0x15bf, 0x07), "AMD Radeon 740M Graphics");
        assert_eq!(name(0x7590, 0xc0), "AMD Radeon RX 9060 XT");
        assert_eq!(name(0x1900, 0xb1), "AMD Radeon 780M Graphics");
        assert_eq!(find(0x74a1, None), Some(("AMD Instinct MI300X", true)));
    }

    #[test]
    fn an_unknown_revision_is_of_the_family() {
        for product in PRODUCTS.iter().filter(|product| !product.models.is_empty()) {
            for revision in [None, Some(0xee_u8.wrapping_add(product.device as u8))] {
                let known =
                    product.models.iter().any(|(_, all)| revision.is_some_and(|one| all.contains(&one)));
                if !known {
                    assert_eq!(find(product.device, revision), Some((product.family, false)));
                }
            }
            let models = product.models.iter();
            assert!(models.clone().all(|(name, _)| *name != product.family), "{}", product.family);
        }
        assert_eq!(find(0x744c, Some(1)), Some(("AMD Radeon RX 7900 Series (Navi 31)", false)));
        assert_eq!(find(0xffff, None), None);
    }

    /// Ids that were found on real machines without any name.
    #[test]
    fn virtual_functions_and_new_processors() {
        for device in [
            0x74b6, 0x74b9, 0x74bc, 0x74bd, 0x75b0, 0x75b3, 0x7410, 0x7461, 0x73ae, 0x7551, 0x7590, 0x744a,
            0x13c0, 0x164e, 0x1114, 0x1900, 0x1901, 0x1902, 0x1506,
        ] {
            assert!(find(device, None).is_some(), "{device:04x}");
        }
        for device in [0x74b5, 0x74b6, 0x74b9, 0x74bc, 0x74bd, 0x75b0, 0x75b3, 0x7410, 0x7461, 0x73ae] {
            assert!(find(device, Some(0)).is_some_and(|(name, _)| name.ends_with(" VF")), "{device:04x}");
        }
    }
}
