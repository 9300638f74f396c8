//! Records → one mesh. Everything that is a rectangle or a triangle on the canvas goes here.

use egui::epaint::Vertex;
use egui::{Color32, Mesh, Painter, Pos2, Rect, Shape, epaint::WHITE_UV, pos2};

/// A position on the screen, at a whole pixel.
pub(super) fn snap(points: f32, pixels_per_point: f32) -> f32 {
    (points * pixels_per_point).round() / pixels_per_point
}

/// A mesh that is being built, in canvas coordinates, snapped to the screen's pixels.
pub(super) struct Sketch {
    mesh: Mesh,
    origin: Pos2,
    pixels_per_point: f32,
}

impl Sketch {
    /// An empty mesh for a canvas whose upper left corner is at `origin`.
    pub(super) fn new(origin: Pos2, pixels_per_point: f32) -> Self {
        Self { mesh: Mesh::default(), origin, pixels_per_point }
    }

    /// A position on the screen, at a whole pixel.
    fn snap(&self, points: f32) -> f32 {
        snap(points, self.pixels_per_point)
    }

    /// A place on the canvas moved to a whole pixel of the screen: what belongs together, such as
    /// an end and its fuse's, is placed from there, or each is rounded to a pixel of its own.
    pub(super) fn column(&self, x: f32) -> f32 {
        self.snap(self.origin.x + x) - self.origin.x
    }

    /// A filled rectangle, at least one pixel wide and high.
    pub(super) fn rect(&mut self, [x0, y0, x1, y1]: [f32; 4], color: Color32) {
        let pixel = 1.0 / self.pixels_per_point;
        let left = self.snap(self.origin.x + x0);
        let top = self.snap(self.origin.y + y0);
        let right = self.snap(self.origin.x + x1).max(left + pixel);
        let bottom = self.snap(self.origin.y + y1).max(top + pixel);
        let rect = Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        self.mesh.add_colored_rect(rect, color);
    }

    /// A filled triangle.
    pub(super) fn triangle(&mut self, corners: [[f32; 2]; 3], color: Color32) {
        let first = self.vertices(&corners, color);
        self.mesh.add_triangle(first, first + 1, first + 2);
    }

    /// A filled convex shape with four corners, in order.
    pub(super) fn quad(&mut self, corners: [[f32; 2]; 4], color: Color32) {
        let first = self.vertices(&corners, color);
        self.mesh.add_triangle(first, first + 1, first + 2);
        self.mesh.add_triangle(first, first + 2, first + 3);
    }

    fn vertices(&mut self, corners: &[[f32; 2]], color: Color32) -> u32 {
        let first = u32::try_from(self.mesh.vertices.len()).unwrap_or(0);
        for &[x, y] in corners {
            let pos = pos2(self.origin.x + x, self.origin.y + y);
            self.mesh.vertices.push(Vertex { pos, uv: WHITE_UV, color });
        }
        first
    }

    /// Slanted stripes within a rectangle.
    pub(super) fn hatch(&mut self, [x0, y0, x1, y1]: [f32; 4], color: Color32) {
        /// From one stripe to the next, and the width of a stripe, in points.
        const PITCH: f32 = 6.0;
        const WIDTH: f32 = 2.5;
        let height = y1 - y0;
        // Stripes sit on a grid of the canvas, so that neighbors line up.
        let mut x = (x0 / PITCH).floor() * PITCH - height;
        // A fuse cut at the screen's edges is at most a screen wide.
        while x < x1 {
            let clip = |x: f32| x.clamp(x0, x1);
            let corners = [
                [clip(x + height), y0],
                [clip(x + height + WIDTH), y0],
                [clip(x + WIDTH), y1],
                [clip(x), y1],
            ];
            if corners[1][0] > x0 && corners[3][0] < x1 {
                self.quad(corners, color);
            }
            x += PITCH;
        }
    }

    /// A line of a width in points.
    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, color: Color32) {
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy);
        if length < 1e-3 {
            return;
        }
        let (nx, ny) = (-dy / length * width / 2.0, dx / length * width / 2.0);
        let corners = [
            [from[0] + nx, from[1] + ny],
            [to[0] + nx, to[1] + ny],
            [to[0] - nx, to[1] - ny],
            [from[0] - nx, from[1] - ny],
        ];
        self.quad(corners, color);
    }

    /// Hands the mesh to the painter.
    pub(super) fn finish(self, painter: &Painter) {
        if !self.mesh.is_empty() {
            painter.add(Shape::mesh(self.mesh));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_placed_from_one_column_begins_at_one_pixel() {
        for pixels_per_point in [1.0, 1.25, 1.5, 2.0] {
            for tenth in 0..40_u8 {
                let x = 100.0 + f32::from(tenth) / 10.0;
                let mut sketch = Sketch::new(pos2(250.3, 0.0), pixels_per_point);
                let end = sketch.column(x);
                sketch.rect([end, 0.0, end + 2.0, 9.0], Color32::PLACEHOLDER);
                sketch.rect([50.0, 0.0, end, 9.0], Color32::PLACEHOLDER);
                let x = |at: usize| sketch.mesh.vertices[at].pos.x;
                let (stop, bar_end) = (x(0), x(4).max(x(5)).max(x(6)));
                assert!((stop - bar_end).abs() < 1e-3, "{stop} and {bar_end}");
            }
        }
    }
}
